#pragma once
#include <string_view>

#include "cli/view/paint.h"

namespace hello::cli {

/// What a command prints: text for people, or JSON or YAML for programs.
enum class Format { text, json, yaml };

/// Writes all of the data to stdout, without the values of Secrets. A closed pipe is no error.
/// Throws Error(Exit::failure) if stdout is closed or full.
void print(std::string_view bytes);
/// Prints one JSON document and a line end, as YAML if that is the format.
void print_document(std::string_view json, Format format);

/// Writes to stdout or stderr what a deploy says, without the values of Secrets. Errors are
/// ignored.
void tell(int fd, std::string_view text);

/// A message that may repeat what a server or the command line says: without the values of Secrets,
/// what a terminal obeys, and most of long values.
std::string shown(std::string_view message);

/// A line "hello: …" on stderr, as shown().
void say(std::string_view line);

/// How a command talks to people: the options --color, --quiet, --verbose, --no-input.
struct Console {
  enum class Colour { automatic, always, never } colour = Colour::automatic;
  bool quiet = false, verbose = false, no_input = false;

  Paint paint(int fd) const;
  /// say(), unless --quiet: progress, notes, and the closing line of a command that has changed
  /// something, which says what it changed and where to look next.
  void note(std::string_view line) const {
    if (!quiet) say(line);
  }
};

/// Asks on the terminal, and says that nothing was changed where the answer is not yes. Throws
/// Error(Exit::usage), which names --yes, if there is no terminal or with --no-input.
bool confirmed(const Console &console, std::string_view question);

/// Whether what reads stdout has closed it: a command that goes on ends then.
bool reader_left();

/// Opens /dev/null on closed descriptors from 0 to 2, so that no file opened later becomes stdout.
/// A closed stdout still cannot be written.
void guard_descriptors();

} // namespace hello::cli
