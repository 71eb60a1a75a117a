#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hello/error.h"

namespace CLI {
class App;
class Option;
} // namespace CLI

namespace hello::cli {

/// What a command line asks for. Returns the exit code.
using Action = std::function<Exit()>;

/// An option's help, and where its value may come from besides the line.
struct OptionSpec {
  std::string help;
  const char *value_name = "TEXT"; ///< stands for the value in the help
  const char *env = nullptr;       ///< environment variable, read where the line has no value
  std::string default_text = {};   ///< for the help
  bool required = false;
};

/// A command that declares its options and subcommands. Hides CLI11, whose headers are slow to
/// compile and whose templates cost kilobytes for each type of value. Names are CLI11's:
/// "-o,--output", or "FILE" for a positional argument. Values are borrowed and must outlive the
/// parsing; a wrong one is an Error(Exit::usage) that names option and value.
class Command {
public:
  /// Borrows both.
  Command(CLI::App &app, Action &chosen) : app_(&app), chosen_(&chosen) {}

  Command subcommand(const char *name, const char *help) const;
  /// What parse() returns if the line names this command and none of its subcommands.
  void action(Action action) const;
  void footer(const char *text) const;
  /// The title of the help's section for the options that follow.
  void section(const char *title = "Options") const;
  /// An option may be given again, and its last value holds. Otherwise that is an error.
  void last_value_wins() const;

  void flag(const char *names, bool &value, const char *help) const;
  /// A flag that is true by default: `off` clears it, `on` sets it again.
  void flag_pair(const char *off, const char *on, bool &value, const OptionSpec &spec) const;
  void text(const char *names, std::string &value, const OptionSpec &spec) const;
  void text(const char *names, std::optional<std::string> &value, const OptionSpec &spec) const;
  void choice(const char *names, std::string &value, std::initializer_list<const char *> choices,
              const OptionSpec &spec) const;
  /// `choices`: the names of the enum's values, in order.
  template <typename Enum> void choice(const char *names, Enum &value,
                                       std::initializer_list<const char *> choices,
                                       const OptionSpec &spec) const {
    const auto take = [&value](std::size_t index) { value = static_cast<Enum>(index); };
    choice(names, take, choices.begin()[static_cast<std::size_t>(value)], choices, spec);
  }
  /// "500ms", "10s", "1h30m", "1d" or "0", from `min` to `max`.
  void duration(const char *names, std::chrono::milliseconds &value, const OptionSpec &spec,
                std::chrono::milliseconds min = {},
                std::chrono::hours max = std::chrono::hours(24)) const;
  template <typename Number> void number(const char *names, Number &value, std::int64_t min,
                                         std::int64_t max, const OptionSpec &spec) const {
    const auto take = [&value](std::int64_t number) { value = Number(static_cast<int>(number)); };
    integer(names, take, min, max, spec);
  }
  /// May be given again. `separator`: one argument holds several values.
  void list(const char *names, std::vector<std::string> &values, const OptionSpec &spec,
            char separator = 0) const;
  /// Calls `take` with each value, in the order of the line, before any other option is set. It
  /// returns what is wrong with the value, or nothing.
  void on_each(const char *names, std::function<std::string(const std::string &)> take,
               const OptionSpec &spec) const;

private:
  using Take = std::function<std::string(const std::string &)>;
  CLI::Option *add(const char *names, Take take, const OptionSpec &spec) const;
  void choice(const char *names, std::function<void(std::size_t)> take, std::string current,
              std::initializer_list<const char *> choices, const OptionSpec &spec) const;
  void integer(const char *names, std::function<void(std::int64_t)> take, std::int64_t min,
               std::int64_t max, const OptionSpec &spec) const;

  CLI::App *app_;
  Action *chosen_;
};

/// Parses a line by what `declare` adds to the top command, without running anything. Returns the
/// action of the chosen command, or one that prints the help. Throws Error(Exit::usage).
Action parse(int argc, const char *const *argv,
             const std::function<void(const Command &)> &declare);

} // namespace hello::cli
