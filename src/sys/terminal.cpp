#include "hello/terminal.h"

#include <cstdlib>
#include <string_view>

#include <sys/ioctl.h>
#include <unistd.h>

namespace hello::sys {

bool is_terminal(int fd) {
  const char *term = std::getenv("TERM");
  return ::isatty(fd) == 1 && term && *term && std::string_view(term) != "dumb";
}

bool has_colour(int fd) {
  const char *no = std::getenv("NO_COLOR"), *force = std::getenv("CLICOLOR_FORCE");
  if (no && *no) return false;
  return is_terminal(fd) || (force && *force && std::string_view(force) != "0");
}

Size terminal_size(int fd) {
  winsize window = {};
  if (::ioctl(fd, TIOCGWINSZ, &window) != 0 || window.ws_col == 0 || window.ws_row == 0) return {};
  return {window.ws_col, window.ws_row};
}

} // namespace hello::sys
