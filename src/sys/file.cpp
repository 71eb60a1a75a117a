#include "hello/file.h"

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/core.h>

#include "hello/fd.h"

namespace hello::sys {
namespace {

[[noreturn]] void fail(Exit code, const char *doing, const std::string &path, int number) {
  const char *advice = "";
  if (number == EISDIR) advice = "name a file in that directory";
  if (number == ENOENT && doing == std::string_view("write")) advice = "create its directory first";
  throw Error(code, fmt::format("cannot {} {}: {}", doing, path, open_problem(number)), advice);
}

std::string read_all(const Fd &file, const std::string &path, std::size_t limit_bytes, Exit code) {
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

} // namespace

const char *open_problem(int number) {
  return number == EINVAL ? "not a regular file" : std::strerror(number);
}

Fd open_regular(const std::string &path, int flags) {
  Fd file(::open(path.c_str(), flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0644));
  struct stat status {};
  int problem = errno;
  if (file && ::fstat(file.get(), &status) == 0) {
    if (S_ISREG(status.st_mode)) return file;
    problem = S_ISDIR(status.st_mode) ? EISDIR : EINVAL;
  } else if (problem == ENXIO) { // a socket, or a FIFO without a reader
    problem = EINVAL;
  }
  file.reset();
  errno = problem;
  return file;
}

std::string read_file(const std::string &path, std::size_t limit_bytes, Exit code) {
  return read_all(Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC)), path, limit_bytes, code);
}

std::string read_regular_file(const std::string &path, std::size_t limit_bytes, Exit code) {
  return read_all(open_regular(path, O_RDONLY), path, limit_bytes, code);
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

std::vector<std::string> names_in(const std::string &directory) {
  std::vector<std::string> names;
  DIR *const entries = ::opendir(directory.c_str());
  if (!entries) return names;
  while (const dirent *entry = ::readdir(entries))
    if (const std::string_view name = entry->d_name; name != "." && name != "..")
      names.emplace_back(name);
  ::closedir(entries);
  return names;
}

Fd make_temporary(const std::string &start, std::string &path) {
  std::uint64_t random = 0; // not mkstemp(): that of musl takes the letters from the clock
  if (::getrandom(&random, sizeof random, 0) != sizeof random) return {};
  path = fmt::format("{}{:016x}", start, random);
  return Fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
}

void write_file(const std::string &path, std::string_view bytes) {
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) {
    const Fd device(::open(path.c_str(), O_WRONLY | O_NOCTTY | O_CLOEXEC)); // or a FIFO
    if (const int error = device ? write_all(device.get(), bytes) : errno)
      fail(Exit::failure, "write", path, error);
    return;
  }
  std::string draft;
  const Fd file = make_temporary(path + ".", draft);
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
