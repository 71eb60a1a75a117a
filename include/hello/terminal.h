#pragma once

/// What the terminal behind a descriptor can show.
namespace hello::sys {

/// A terminal that understands cursor movement: isatty, and TERM is not "dumb".
bool is_terminal(int fd);

/// Colors are welcome: is_terminal(), or CLICOLOR_FORCE is set and not 0; never if NO_COLOR is set
/// and not empty. Source: no-color.org, bixense.com/clicolors
bool has_colour(int fd);

struct Size {
  int columns = 80, rows = 24;
};
/// The window's size, or 80 by 24 if it is unknown.
Size terminal_size(int fd);

} // namespace hello::sys
