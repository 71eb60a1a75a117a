#pragma once

/// What the terminal behind a descriptor can show.
namespace hello::sys {

/// A terminal that understands cursor movement: isatty, and TERM is not "dumb".
bool is_terminal(int fd);

/// Colours are welcome: is_terminal(), and NO_COLOR is unset or empty. Source: no-color.org
bool has_colour(int fd);

struct Size {
  int columns = 80, rows = 24;
};
/// The window's size, or 80 by 24 if it is unknown.
Size terminal_size(int fd);

} // namespace hello::sys
