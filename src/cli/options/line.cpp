#include "cli/options/line.h"

#include <algorithm>
#include <span>

#include <fmt/core.h>

#include "cli/options/habits.h"
#include "cli/options/help.h"
#include "hello/nearest.h"
#include "hello/text.h"

namespace hello::cli {
namespace {

using Form = OptionRow::Form;

/// Whether the word after this option is its value.
bool takes_next(const OptionRow &row, const Part &part, const Words &words, std::size_t next) {
  if (part.value || next >= words.size()) return false;
  return row.takes_value() || (row.form == Form::url && words[next].starts_with("http"));
}

/// " (did you mean x?)" for the first name that begins with the word, or else for the nearest one.
std::string suggestion(std::string_view word, const std::vector<std::string_view> &names) {
  if (word.empty()) return "";
  const auto longer = std::find_if(names.begin(), names.end(),
                                   [&](std::string_view name) { return name.starts_with(word); });
  return config::hint(longer != names.end() ? std::string(*longer) : config::nearest(word, names));
}

std::string nearest_command(const CommandRow &row, std::string_view word) {
  std::vector<std::string_view> names;
  for (const auto &one : row.commands)
    if (!one->name.starts_with('_')) names.push_back(one->name);
  return suggestion(word, names);
}

/// Appends the options of a command and of those below it.
void add_options(const CommandRow &row, std::vector<std::string_view> &names) {
  for (const OptionRow &one : row.options)
    if (one.is_option() && !one.hidden)
      for (const std::string_view name : text::split(one.names, ',')) names.push_back(name);
  for (const auto &below : row.commands) add_options(*below, names);
}

std::string nearest_option(const CommandRow &row, std::string_view word) {
  if (std::string usual = habit(row, word); !usual.empty()) return usual;
  if (word.size() <= 2) return ""; // any letter is near to any other
  std::vector<std::string_view> names{"--help"};
  add_options(row, names);
  if (!row.action && !row.commands.empty()) names.push_back("--version");
  return suggestion(word, names);
}

Error unknown_command(const CommandRow &row, const std::string &path, const std::string &word) {
  return usage_error(row, path,
                     fmt::format("unknown command '{}'{}", word, nearest_command(row, word)));
}

/// Whether an option among the words asks for help. Throws for one that no command has.
bool asks_for_help(const CommandRow &top, const std::string &program,
                   std::span<const std::string> words) {
  bool help = false;
  for (const std::string &word : words) {
    if (!is_option(word) || word == "--") continue;
    const std::string name = parts_of(top, nullptr, word)[0].name;
    if (name == "-h" || name == "--help")
      help = true;
    else if (!option_anywhere(top, name))
      throw usage_error(top, program,
                        fmt::format("unknown option '{}'{}", name, nearest_option(top, name)));
  }
  return help;
}

/// Index of the command's word, or the number of words.
std::size_t command_at(const CommandRow &top, const Words &words) {
  std::size_t i = 0;
  for (; i < words.size() && words[i] != "--"; ++i) {
    if (!is_option(words[i]) || words[i] == "--version" || words[i] == "-V") return i;
    const Part last = parts_of(top, nullptr, words[i]).back();
    const OptionRow *row = option_anywhere(top, last.name);
    if (row && takes_next(*row, last, words, i + 1)) ++i;
  }
  return words.size();
}

/// The command behind a word that may be the value of the option before it, if the command does not
/// have that option: "-f" of `hello -f hello.yaml deploy` is an option of other commands.
const CommandRow *command_without(const CommandRow &top, const Words &words, std::size_t value) {
  if (value == 0 || !is_option(words[value - 1])) return nullptr;
  const std::string option = parts_of(top, nullptr, words[value - 1]).back().name;
  for (const std::string &word : std::span(words).subspan(value))
    if (const CommandRow *command = top.command(word))
      return command->option(option) ? nullptr : command;
  return nullptr;
}

bool exclude(const CommandRow &command, const OptionRow &one, const OptionRow &other) {
  for (const auto &[a, b] : command.either)
    if ((one.has_name(a) && other.has_name(b)) || (one.has_name(b) && other.has_name(a)))
      return true;
  return false;
}

/// Reads the words of one command into a Line.
class Reader {
public:
  Reader(const CommandRow &top, Line &line) : top_(top), line_(line) {}

  void read(const Words &words) {
    for (std::size_t i = 0; i < words.size(); ++i) {
      if (words[i] == "--") {
        after_dashes({words.begin() + static_cast<std::ptrdiff_t>(i) + 1, words.end()});
        break;
      }
      if (!is_option(words[i])) {
        argument(words[i]);
        continue;
      }
      for (const Part &part : parts_of(top_, line_.command, words[i]))
        if (option(part, words, i + 1)) ++i;
    }
    if (line_.arguments.size() > most_arguments() && !line_.help) unexpected();
  }

private:
  /// Returns whether it took the next word.
  bool option(const Part &part, const Words &words, std::size_t next) {
    if (part.name == "-h" || part.name == "--help") {
      line_.help = true;
      return false;
    }
    const OptionRow *row = line_.command->option(part.name);
    if (!row)
      throw error(fmt::format("unknown option '{}'{}", part.name,
                              nearest_option(*line_.command, part.name)));
    std::optional<std::string> value = part.value;
    const bool taken = takes_next(*row, part, words, next);
    if (taken) value = words[next];
    if (taken && is_option(*value) &&
        line_.command->option(parts_of(top_, line_.command, *value)[0].name))
      throw error(fmt::format("{} needs a value, but '{}' is an option", part.name, *value),
                  fmt::format("to pass it as the value, write {}={}", row->long_name(), *value));
    if (row->takes_value() && !value)
      throw error(fmt::format("{} needs a value: {}", part.name, row->value_name));
    if (part.value && (row->form == Form::flag || row->form == Form::pair) && *value != "true" &&
        *value != "false")
      throw error(fmt::format("{} takes no value, but has '{}'", part.name, *value),
                  "write " + part.name);
    if (value && value->empty()) not_empty(*row);
    twice(*row, value);
    Given given{row, part.name, std::move(value)};
    contradicts(given);
    line_.options.push_back(std::move(given));
    return taken;
  }

  /// An empty name comes from a variable that is not set. `hello serve` takes it, as its variables
  /// do.
  void not_empty(const OptionRow &row) const {
    if (line_.command->last_value_wins) return;
    const char *what = nullptr;
    if (row.completes == Completes::file) what = "file";
    if (row.completes == Completes::directory) what = "directory";
    if (row.completes == Completes::context) what = "context";
    if (what) throw error(fmt::format("{} is empty: name a {}", row.long_name(), what));
  }

  void twice(const OptionRow &row, const std::optional<std::string> &value) const {
    if (row.repeats || row.flag || line_.command->last_value_wins) return;
    for (const Given &before : line_.options)
      if (before.row == &row)
        throw error(fmt::format("{} is given twice: '{}' and '{}'", row.long_name(),
                                before.value.value_or(""), value.value_or("")));
  }

  /// What "--no-sandbox", or "--no-sandbox=false", sets its flag to.
  static bool is_on(const Given &given) {
    const OptionRow &row = *given.row;
    const bool clears = row.form == Form::pair && row.names.starts_with(given.name + ',');
    return (given.value != "false") != clears;
  }

  static std::string written(const Given &given) {
    return given.row->flag && given.value ? given.name + "=" + *given.value : given.name;
  }

  void contradicts(const Given &given) const {
    for (const Given &before : line_.options) {
      const bool reverses =
          given.row->flag && before.row == given.row && is_on(before) != is_on(given);
      if (reverses || exclude(*line_.command, *before.row, *given.row))
        throw error(fmt::format("{} and {} contradict each other", written(before), written(given)),
                    "give one of them");
    }
  }

  /// A word that is no option: a subcommand, or an argument.
  void argument(const std::string &word) {
    if (line_.arguments.empty() && !line_.command->commands.empty()) {
      const CommandRow *below = line_.command->command(word);
      const bool misspelt = !nearest_command(*line_.command, word).empty();
      if (!below && (misspelt || most_arguments() == 0))
        throw unknown_command(*line_.command, line_.path, word);
      if (below) {
        line_.command = below;
        line_.path += " " + word;
        line_.options.clear(); // a subcommand has none of its own
        return;
      }
    }
    line_.arguments.push_back(word);
  }

  void after_dashes(Words words) {
    const auto &rows = line_.command->options;
    const bool takes = std::any_of(rows.begin(), rows.end(),
                                   [](const OptionRow &row) { return row.form == Form::rest; });
    Words &where = takes ? line_.rest : line_.arguments;
    where.insert(where.end(), words.begin(), words.end());
  }

  std::size_t most_arguments() const {
    std::size_t most = 0;
    for (const OptionRow &row : line_.command->options)
      if (row.form == Form::argument) most = row.repeats ? SIZE_MAX : most + 1;
    return most;
  }

  [[noreturn]] void unexpected() const {
    const std::string &word = line_.arguments[most_arguments()];
    throw error(fmt::format("unexpected argument '{}'", word), meant(word));
  }

  /// What the user probably wanted with the argument.
  std::string meant(const std::string &word) const {
    // The shell divides --set messages=Good morning at the space.
    for (const Given &given : line_.options)
      if (given.row->value_name == "KEY=VALUE" && given.value)
        return fmt::format("quote a value that contains spaces: {} '{} {}'", given.name,
                           *given.value, word);
    const bool file = word == "-" || word.ends_with(".yaml") || word.ends_with(".yml");
    if (file && line_.command->option("--config"))
      return "to choose a configuration file, use --config " + word;
    std::string hint;
    if (word.empty() || top_.command(word)) return hint;
    if (line_.command->option("--context")) hint = "to choose a context, use --context " + word;
    if (line_.command->option("--force-conflicts")) hint += "; flags for kubectl apply go after --";
    return hint;
  }

  Error error(const std::string &what, const std::string &hint = {}) const {
    return usage_error(*line_.command, line_.path, what, hint);
  }

  const CommandRow &top_;
  Line &line_;
};

} // namespace

bool Line::has(const OptionRow &row) const {
  return std::any_of(options.begin(), options.end(),
                     [&](const Given &given) { return given.row == &row; });
}

bool Line::excludes(const OptionRow &row) const {
  return std::any_of(options.begin(), options.end(),
                     [&](const Given &given) { return exclude(*command, *given.row, row); });
}

const OptionRow *option_anywhere(const CommandRow &row, std::string_view name) {
  if (const OptionRow *found = row.option(name)) return found;
  for (const auto &below : row.commands)
    if (const OptionRow *found = option_anywhere(*below, name)) return found;
  return nullptr;
}

std::vector<Part> parts_of(const CommandRow &top, const CommandRow *of, const std::string &word) {
  if (word.starts_with("--")) {
    const std::size_t equals = word.find('=');
    if (equals == word.npos) return {{word, {}}};
    return {{word.substr(0, equals), word.substr(equals + 1)}};
  }
  std::vector<Part> parts;
  for (std::size_t i = 1; i < word.size(); ++i) {
    const std::string name{'-', word[i]};
    const OptionRow *row = of ? of->option(name) : option_anywhere(top, name);
    if (!row && name != "-h") return {{word, {}}}; // "-foo" is one unknown option
    parts.push_back({name, {}});
    if (!row || !row->takes_value() || i + 1 == word.size()) continue;
    parts.back().value = word.substr(word[i + 1] == '=' ? i + 2 : i + 1);
    break;
  }
  return parts;
}

Line read_line(const CommandRow &top, const std::string &program, const Words &words) {
  Line line;
  line.command = &top;
  line.path = program;
  const std::size_t at = command_at(top, words);
  Words others = words;
  if (at == words.size()) {
    line.help = asks_for_help(top, program, words);
    if (words.empty() || line.help) return line;
    throw usage_error(top, program, "no command given");
  }
  others.erase(others.begin() + static_cast<std::ptrdiff_t>(at));
  const bool version = is_option(words[at]);
  line.command = top.command(version ? "version" : words[at]);
  if (!line.command) { // or it is the value of an option that does not exist
    asks_for_help(top, program, std::span(words).first(at));
    line.command = command_without(top, words, at);
  }
  if (!line.command) throw unknown_command(top, program, words[at]);
  line.path += fmt::format(" {}", line.command->name);
  Reader(top, line).read(others);
  return line;
}

std::pair<const CommandRow *, std::string>
find_command(const CommandRow &top, const std::string &program, const Words &names) {
  const CommandRow *row = &top;
  std::string path = program;
  for (const std::string &name : names) {
    const CommandRow *below = row->command(name);
    if (!below && !row->commands.empty()) throw unknown_command(*row, path, name);
    if (!below) throw usage_error(*row, path, fmt::format("unexpected argument '{}'", name));
    row = below;
    path += " " + name;
  }
  return {row, path};
}

Error usage_error(const CommandRow &command, const std::string &path, const std::string &what,
                  const std::string &hint) {
  return Error(Exit::usage, what,
               fmt::format("{}{}usage: {}\n  run '{} --help' for details", hint,
                           hint.empty() ? "" : "\n  ", usage_of(command, path), path));
}

} // namespace hello::cli
