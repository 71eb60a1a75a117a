#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hello/error.h"

/// The table of commands and options. The parser, help, completion, man pages and docs/cli.md are
/// all made from it.
namespace hello::cli {

/// What a command line asks for. Returns the exit code.
using Action = std::function<Exit()>;

/// What a value is, for completion.
enum class Completes : std::uint8_t {
  nothing,
  file,
  directory,
  context,
  name_space,
  release,
  revision,
  setting,      ///< KEY=VALUE
  setting_file, ///< KEY=PATH
  key,          ///< of a setting
  rule,         ///< of lint
  reach,        ///< of --reach
  fault,        ///< of a drill
  checks,       ///< of hello check, between commas
  add_on,       ///< of render
  object,       ///< of the manifests: KIND/NAME
  adopted,      ///< such an object, or all
  command,
};

/// An option or an argument of a command. Texts are literals.
struct OptionRow {
  enum class Form : std::uint8_t {
    flag,     ///< takes no value
    pair,     ///< two flags, "--no-sandbox,--sandbox": the first one clears `flag`
    value,    ///< takes a value
    url,      ///< takes a value if the next word is an http URL
    argument, ///< stands by itself
    rest,     ///< all words after "--"
  };
  Form form = Form::value;
  std::string_view names; ///< "-o,--output"; of an argument: "FILE"
  std::string_view value_name, help;
  std::string_view choices; ///< "text|json"
  std::string_view section; ///< title in the help
  const char *env = nullptr;
  std::string fallback;  ///< default, for the help
  std::string_view also; ///< an option that gets the same value, if it takes it
  Completes completes = Completes::nothing;
  bool required = false;
  bool repeats = false; ///< a list
  bool hidden = false;  ///< works, but is not shown
  bool at_once = false; ///< `take` is called in the order of the line, before other options
  char separator = 0;   ///< of several values in one word
  bool *flag = nullptr; ///< of a flag or a pair
  std::function<std::string(const std::string &)> take{}; ///< returns what is wrong with a value

  bool is_option() const { return form < Form::argument; }
  bool takes_value() const { return form == Form::value; }
  bool has_name(std::string_view name) const;
  /// "--output", or the only name.
  std::string_view long_name() const;
  /// "-o", or nothing.
  std::string_view short_name() const;
};

struct Example {
  std::string_view line, why;
};

struct CommandRow {
  std::string_view name, summary;
  std::string_view section; ///< title in the list of commands
  std::string_view details; ///< paragraphs below the options, separated by line ends
  std::vector<Example> examples;
  std::vector<OptionRow> options;
  std::vector<std::unique_ptr<CommandRow>> commands;
  bool last_value_wins = false; ///< an option may be given again
  std::vector<std::pair<std::string_view, std::string_view>>
      either; ///< options that exclude each other
  /// Receives option and variable of each value that a variable held; may be null.
  std::vector<std::pair<std::string_view, std::string_view>> *variables = nullptr;
  std::string_view open_section = "Options"; ///< of the options that are added next
  Action action;

  /// Null if there is none.
  const OptionRow *option(std::string_view name) const;
  const CommandRow *command(std::string_view name) const;
};

} // namespace hello::cli
