#include "cli/view/output.h"
#include "cli/view/counted.h"

#include <cerrno>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <fmt/core.h>

#include "hello/error.h"
#include "hello/file.h"
#include "hello/mask.h"
#include "hello/signals.h"
#include "hello/terminal.h"
#include "hello/text.h"
#include "hello/yaml.h"

namespace hello::cli {

void print(std::string_view bytes) {
  int error = sys::write_all(STDOUT_FILENO, mask::applied(bytes));
  if (error && error != EPIPE)
    throw Error(Exit::failure, fmt::format("cannot write to stdout: {}", std::strerror(error)),
                error == EBADF ? "stdout is closed: give it a file or a pipe" : "");
}

void print_document(std::string_view json, Format format) {
  if (format == Format::yaml)
    print(yaml::to_yaml(yaml::load(json, "document", {64 << 20, 64, 5'000'000})));
  else
    print(json.ends_with('\n') ? std::string(json) : fmt::format("{}\n", json));
}

std::string counted(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

void tell(int fd, std::string_view text) { sys::write_all(fd, mask::applied(text)); }

std::string shown(std::string_view message) {
  return text::printable(text::abridged(mask::applied(message)));
}

void say(std::string_view line) {
  sys::write_all(STDERR_FILENO, fmt::format("hello: {}\n", shown(line)));
}

Paint Console::paint(int fd) const {
  if (colour == Colour::automatic) return {sys::has_colour(fd)};
  return {colour == Colour::always};
}

bool confirmed(const Console &console, std::string_view question) {
  const char *why = nullptr;
  if (!::isatty(STDERR_FILENO)) why = "stderr is not a terminal";
  if (!::isatty(STDIN_FILENO)) why = "stdin is not a terminal";
  if (console.no_input) why = "--no-input is set";
  if (why)
    throw Error(Exit::usage, fmt::format("cannot ask for confirmation: {}", why),
                "pass --yes to confirm");
  sys::write_all(STDERR_FILENO, fmt::format("{} [y/N] ", question));
  const int fds[] = {STDIN_FILENO};
  try {
    sys::wait_readable(fds, sys::Clock::now() + std::chrono::hours(24));
  } catch (const Error &interruption) { // Ctrl-C
    sys::write_all(STDERR_FILENO, "\n");
    throw Error(interruption.code(), "interrupted: nothing was changed");
  }
  char answer[64] = {};
  const ssize_t n = ::read(STDIN_FILENO, answer, sizeof answer - 1);
  if (n <= 0) sys::write_all(STDERR_FILENO, "\n"); // Ctrl-D leaves the cursor where it is
  const std::string word =
      text::lower(text::trimmed({answer, n > 0 ? static_cast<std::size_t>(n) : 0}));
  const bool agrees = word == "y" || word == "yes";
  if (!agrees) say("nothing was changed");
  return agrees;
}

bool reader_left() {
  pollfd out{STDOUT_FILENO, 0, 0};
  return ::poll(&out, 1, 0) > 0 && (out.revents & (POLLERR | POLLNVAL));
}

void guard_descriptors() {
  for (int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (::fcntl(fd, F_GETFD) < 0 && errno == EBADF)
      ::open("/dev/null", fd == STDERR_FILENO ? O_WRONLY : O_RDONLY);
}

} // namespace hello::cli
