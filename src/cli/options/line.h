#pragma once
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/options/row.h"

/// Divides a command line by the table of commands. Options may stand before the command or after
/// it: the command is the first word that is neither an option nor an option's value.
namespace hello::cli {

using Words = std::vector<std::string>;

/// An option of the line.
struct Given {
  const OptionRow *row;
  std::string name; ///< as it was written: "-o"
  std::optional<std::string> value;
};

/// "hello deploy -f x" in parts.
struct Line {
  const CommandRow *command = nullptr;
  std::string path; ///< "hello config schema"
  bool help = false;
  std::vector<Given> options;
  Words arguments;
  Words rest; ///< after "--", of a command that takes such words

  /// Whether the line has the option.
  bool has(const OptionRow &row) const;
  /// Whether it has one that excludes this option.
  bool excludes(const OptionRow &row) const;
};

/// Throws Error(Exit::usage) with the nearest name for a command or option that does not exist, a
/// value that is missing, an option that is given twice, options that contradict each other, and an
/// argument too many.
Line read_line(const CommandRow &top, const std::string &program, const Words &words);

/// The command that `names` lead to. Throws as read_line() does.
std::pair<const CommandRow *, std::string>
find_command(const CommandRow &top, const std::string &program, const Words &names);

/// An option as one word names it: "-fojson" has two, "--a=b" one.
struct Part {
  std::string name;
  std::optional<std::string> value;
};
/// `of`: whose options decide which letters take a value; null: those of all commands.
std::vector<Part> parts_of(const CommandRow &top, const CommandRow *of, const std::string &word);

/// The option of any command.
const OptionRow *option_anywhere(const CommandRow &row, std::string_view name);

/// Whether a word is an option, and not "-", which is stdin or stdout.
inline bool is_option(std::string_view word) { return word.size() > 1 && word[0] == '-'; }

/// An error of the line, with the command's usage.
Error usage_error(const CommandRow &command, const std::string &path, const std::string &what,
                  const std::string &hint = {});

} // namespace hello::cli
