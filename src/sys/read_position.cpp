#include "sys/read_position.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hello/file.h"

namespace hello::sys {
namespace {

constexpr std::size_t kHashedBytes = 256;

/// FNV-1a of the first bytes of a file that lie before `offset`.
std::uint64_t hash_of(const Fd &fd, off_t offset) {
  char bytes[kHashedBytes];
  const ssize_t n =
      ::pread(fd.get(), bytes, std::min(kHashedBytes, static_cast<std::size_t>(offset)), 0);
  std::uint64_t hash = 14695981039346656037u;
  for (ssize_t i = 0; i < n; ++i)
    hash = (hash ^ static_cast<unsigned char>(bytes[i])) * 1099511628211u;
  return hash;
}

} // namespace

Error io_error(const std::string &doing, const std::string &path) {
  return Error(Exit::failure, "cannot " + doing + " " + path + ": " + open_problem(errno));
}

OpenFile open_file(const std::string &path) {
  OpenFile file{open_regular(path, O_RDONLY)};
  if (!file.fd) {
    if (errno == ENOENT) return file;
    throw io_error("read", path);
  }
  struct stat status {};
  if (::fstat(file.fd.get(), &status) < 0) throw io_error("read", path);
  file.inode = status.st_ino;
  return file;
}

ReadPosition::ReadPosition(const std::string &path) : path_(path) {
  if (path.empty()) return;
  fd_ = open_regular(path, O_RDWR | O_CREAT);
  if (!fd_) throw io_error("write", path);
}

bool ReadPosition::restore(OpenFile &file) const {
  char text[128] = {}, *offset_at = nullptr, *hash_at = nullptr, *end = nullptr;
  if (!fd_ || file.inode == 0 || ::pread(fd_.get(), text, sizeof text - 1, 0) <= 0) return false;
  // Not sscanf: nothing else needs it, and it is large.
  const auto inode = std::strtoull(text, &offset_at, 10);
  const auto offset = std::strtoull(offset_at, &hash_at, 10);
  const auto hash = std::strtoull(hash_at, &end, 16);
  if (hash_at == offset_at || end == hash_at || inode != file.inode) return false;
  struct stat status {};
  if (::fstat(file.fd.get(), &status) < 0 ||
      static_cast<unsigned long long>(status.st_size) < offset)
    return false;
  if (hash_of(file.fd, static_cast<off_t>(offset)) != hash) return false;
  file.offset = static_cast<off_t>(offset);
  return true;
}

void ReadPosition::save(const OpenFile &file) const {
  if (!fd_) return;
  char text[128];
  const int n = std::snprintf(text, sizeof text, "%20llu %20llu %016llx\n",
                              static_cast<unsigned long long>(file.inode),
                              static_cast<unsigned long long>(file.offset),
                              static_cast<unsigned long long>(hash_of(file.fd, file.offset)));
  if (::pwrite(fd_.get(), text, n, 0) != n) throw io_error("write", path_);
}

} // namespace hello::sys
