#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/options/row.h"

namespace hello::cli {

/// An option's help, and where its value may come from besides the line.
struct OptionSpec {
  std::string_view help;                ///< a noun phrase
  std::string_view value_name = "TEXT"; ///< stands for the value in the help
  const char *env = nullptr;            ///< environment variable, read where the line has no value
  std::string fallback{};               ///< default, for the help
  Completes completes = Completes::nothing;
  bool required = false;
  bool hidden = false;
};

/// A command that declares its options and subcommands: each is a row of the table. Names are
/// "-o,--output", or "FILE" for an argument. Texts are literals. Values are borrowed and must
/// outlive the parsing; a wrong one is an Error(Exit::usage) that names option and value.
class Command {
public:
  /// Borrows it.
  explicit Command(CommandRow &row) : row_(&row) {}

  Command subcommand(std::string_view name, std::string_view summary) const;
  /// What parse() returns if the line names this command and none of its subcommands.
  void action(Action action) const;
  /// For the help: paragraphs and an example.
  void details(std::string_view text) const;
  void example(std::string_view line, std::string_view why) const;
  /// The title of the help's section for the options that follow.
  void section(std::string_view title = "Options") const;
  /// An option may be given again, and its last value holds. Otherwise that is an error.
  void last_value_wins() const;
  /// Two options that exclude each other on one line. One that is given there beats the variable of
  /// the other.
  void either(std::string_view one, std::string_view other) const;
  /// Sets option and variable of each value that comes from a variable.
  void note_variables(std::vector<std::pair<std::string_view, std::string_view>> &variables) const;

  void flag(std::string_view names, bool &value, std::string_view help) const;
  /// A flag that is true by default, as "--no-x,--x": the first clears it, the second sets it.
  void flag_pair(std::string_view names, bool &value, const OptionSpec &spec) const;
  void text(std::string_view names, std::string &value, const OptionSpec &spec) const;
  void text(std::string_view names, std::optional<std::string> &value,
            const OptionSpec &spec) const;
  /// `choices`: "text|json".
  void choice(std::string_view names, std::string &value, std::string_view choices,
              const OptionSpec &spec) const;
  /// `choices`: the names of the enum's values, in order.
  template <typename Enum> void choice(std::string_view names, Enum &value,
                                       std::string_view choices, const OptionSpec &spec) const {
    const auto take = [&value](std::size_t index) { value = static_cast<Enum>(index); };
    choice(names, take, static_cast<std::size_t>(value), choices, spec);
  }
  /// "500ms", "10s", "1h30m", "1d", or "10" in seconds, from `min` to `max`.
  void duration(std::string_view names, std::chrono::milliseconds &value, const OptionSpec &spec,
                std::chrono::milliseconds min = {},
                std::chrono::milliseconds max = std::chrono::hours(24)) const;
  template <typename Number> void number(std::string_view names, Number &value, std::int64_t min,
                                         std::int64_t max, const OptionSpec &spec) const {
    const auto take = [&value](std::int64_t number) { value = Number(static_cast<int>(number)); };
    integer(names, take, min, max, spec);
  }
  /// May be given again. `separator`: one word holds several values.
  void list(std::string_view names, std::vector<std::string> &values, const OptionSpec &spec,
            char separator = 0) const;
  /// All words after "--".
  void rest(std::string_view name, std::vector<std::string> &words, std::string_view help) const;
  /// An option whose value is the next word if that is an http URL; otherwise it has none.
  void url(std::string_view names, std::optional<std::string> &value, const OptionSpec &spec) const;

  using Take = std::function<std::string(const std::string &)>;
  /// Calls `take` with the value. It returns what is wrong with it, or nothing.
  OptionRow &each(std::string_view names, Take take, const OptionSpec &spec) const;

private:
  OptionRow &add(std::string_view names, OptionRow::Form form, const OptionSpec &spec) const;
  void choice(std::string_view names, std::function<void(std::size_t)> take, std::size_t current,
              std::string_view choices, const OptionSpec &spec) const;
  void integer(std::string_view names, std::function<void(std::int64_t)> take, std::int64_t min,
               std::int64_t max, const OptionSpec &spec) const;

  CommandRow *row_;
};

} // namespace hello::cli
