#include "cli/view/output.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

#include <fmt/core.h>

#include "hello/error.h"
#include "hello/file.h"

namespace hello::cli {

void print(std::string_view bytes) {
  int error = sys::write_all(STDOUT_FILENO, bytes);
  if (error && error != EPIPE)
    throw Error(Exit::failure, fmt::format("cannot write to stdout: {}", std::strerror(error)),
                error == EBADF ? "stdout is closed: give it a file or a pipe" : "");
}

void say(std::string_view line) { sys::write_all(STDERR_FILENO, fmt::format("hello: {}\n", line)); }

void guard_descriptors() {
  for (int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (::fcntl(fd, F_GETFD) < 0 && errno == EBADF)
      ::open("/dev/null", fd == STDERR_FILENO ? O_WRONLY : O_RDONLY);
}

} // namespace hello::cli
