#include "hello/file.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/core.h>

#include "hello/fd.h"

namespace hello::sys {
namespace {

[[noreturn]] void fail(Exit code, const char *doing, const std::string &path, int number) {
  throw Error(code, fmt::format("cannot {} {}: {}", doing, path, std::strerror(number)),
              number == EISDIR ? "it is a folder: name a file in it" : "");
}

} // namespace

std::string read_file(const std::string &path, std::size_t limit_bytes, Exit code) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) fail(code, "read", path, errno);
  std::string bytes;
  char chunk[16384];
  for (ssize_t n; (n = ::read(file.get(), chunk, sizeof chunk)) != 0;) {
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail(code, "read", path, errno);
    bytes.append(chunk, static_cast<std::size_t>(n));
    if (bytes.size() > limit_bytes)
      throw Error(code,
                  fmt::format("{}: more than {} bytes, the most that is read", path, limit_bytes));
  }
  return bytes;
}

int write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t n = ::write(descriptor, bytes.data(), bytes.size());
    if (n < 0 && errno == EAGAIN) { // another process that shares it made it non-blocking
      pollfd room{descriptor, POLLOUT, 0};
      ::poll(&room, 1, -1);
    } else if (n < 0 && errno != EINTR) {
      return errno;
    }
    if (n > 0) bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return 0;
}

void write_file(const std::string &path, std::string_view bytes) {
  std::string draft = path + ".XXXXXX";
  const Fd file(::mkstemp(draft.data()));
  if (!file) fail(Exit::failure, "write", path, errno);
  mode_t mask = ::umask(0);
  ::umask(mask);
  int error = write_all(file.get(), bytes);
  if (!error && ::fchmod(file.get(), 0666 & ~mask) != 0) error = errno;
  if (!error && ::rename(draft.c_str(), path.c_str()) != 0) error = errno;
  if (!error) return;
  ::unlink(draft.c_str());
  fail(Exit::failure, "write", path, error);
}

} // namespace hello::sys
