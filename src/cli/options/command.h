#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
class Option;
} // namespace CLI

namespace hello::cli {

using Run = std::function<int()>;

/// What the help says of an option.
struct Words {
  std::string help;
  const char *type = "TEXT"; ///< the word for its value
  const char *env = nullptr; ///< the environment variable that gives it where the line does not
  std::string standard = {}; ///< what holds where nothing is said
};

/// A command line as its subcommands declare it. CLI11's headers and templates are in its .cpp
/// alone: they are slow to compile, and each type of value would cost its own kilobytes. Names are
/// CLI11's: "-o,--output", or "FILE" for a positional. Values must outlive the parsing; a wrong one
/// is an Error(Exit::usage) that names option and value.
class Command {
public:
  /// Borrowed, both.
  Command(CLI::App &app, Run &run) : app_(&app), run_(&run) {}

  Command sub(const char *name, const char *what) const;
  /// What the chosen subcommand does; returns the exit code.
  void does(Run work) const;
  void footer(const char *text) const;
  /// A heading of the help for the options that follow; nullptr: the usual one again.
  void heading(const char *title) const;
  /// Of an option given twice the later one holds. Without it that is an error.
  void last_wins() const;

  void flag(const char *names, bool &value, const char *help) const;
  /// A flag that is true by default: `names` switches it off, `on` switches it on again.
  void off_flag(const char *names, const char *on, bool &value, const Words &words) const;
  void text(const char *names, std::string &value, const Words &words, bool required = false) const;
  void text(const char *names, std::optional<std::string> &value, const Words &words) const;
  void choice(const char *names, std::string &value, std::initializer_list<const char *> of,
              const Words &words) const;
  /// "500ms", "10s", "5m", "2h", "1d" or "0", from `least` to `most`.
  void duration(const char *names, std::chrono::milliseconds &value, const Words &words,
                std::chrono::milliseconds least = {},
                std::chrono::hours most = std::chrono::hours(24)) const;
  template <typename Value> void number(const char *names, Value &value, std::int64_t least,
                                        std::int64_t most, const Words &words) const {
    whole(
        names, [&value](std::int64_t number) { value = Value(static_cast<int>(number)); }, least,
        most, words);
  }
  /// May be given again; `separator`: of several in one.
  void list(const char *names, std::vector<std::string> &values, const Words &words,
            char separator = 0) const;
  /// Like `list`, but given once.
  void one(const char *names, std::vector<std::string> &values, const Words &words) const;
  /// Each value as it comes on the line, before all that is not `each`. `take` returns what is
  /// wrong, or nothing.
  void each(const char *names, std::function<std::string(const std::string &)> take,
            const Words &words) const;

private:
  using Take = std::function<std::string(const std::string &)>;
  CLI::Option *add(const char *names, Take take, const Words &words) const;
  void whole(const char *names, std::function<void(std::int64_t)> take, std::int64_t least,
             std::int64_t most, const Words &words) const;

  CLI::App *app_;
  Run *run_;
};

/// Parses the line by what `declare` declares, and does what the chosen subcommand does. Throws
/// Error(Exit::usage).
int run_line(int argc, char **argv, const std::function<void(const Command &)> &declare);

} // namespace hello::cli
