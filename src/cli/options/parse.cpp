#include "cli/options/parse.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#define CLI11_HAS_FILESYSTEM 0 // its validators would link std::filesystem
#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include "cli/options/complete.h"
#include "cli/options/help.h"
#include "cli/options/line.h"
#include "cli/view/output.h"

namespace hello::cli {
namespace {

using Form = OptionRow::Form;

/// The variable that holds the option's value; null if the line does, or another option of the line
/// excludes it, or there is none.
const char *variable_of(const Line &line, const OptionRow &row) {
  if (!row.env || line.has(row) || line.excludes(row)) return nullptr;
  const char *const value = std::getenv(row.env);
  return value && *value ? row.env : nullptr;
}

/// Checks each value by the row's `take`. An error names what held the value.
CLI::callback_t taker(const OptionRow &row, std::string name) {
  return [&row, name = std::move(name)](const CLI::results_t &values) {
    for (const std::string &value : values)
      if (const std::string wrong = row.take(value); !wrong.empty())
        throw CLI::ValidationError(name, wrong);
    return true;
  };
}

void add_flag(CLI::App &app, const OptionRow &row, const char *variable) {
  std::string names(row.names);
  if (row.form == Form::pair) names.insert(0, "!");
  CLI::Option *flag = app.add_flag(names, *row.flag);
  if (!variable) return;
  flag->envname(variable);
  const char *const value = std::getenv(variable);
  errno = 0;
  CLI::detail::to_flag_value(value);
  if (errno != 0)
    throw CLI::ValidationError(variable, fmt::format("invalid value '{}': use on or off", value));
}

void add(CLI::App &app, const OptionRow &row, const char *variable) {
  if (row.flag) return add_flag(app, row, variable);
  CLI::Option *option = app.add_option(
      std::string(row.names), taker(row, variable ? variable : std::string(row.long_name())));
  option->required(row.required);
  if (variable) option->envname(variable);
  if (row.repeats) option->take_all();
  if (row.repeats && !row.is_option()) option->expected(CLI::detail::expected_max_vector_size);
  if (row.separator) option->delimiter(row.separator);
  if (row.at_once) option->trigger_on_parse();
}

/// The words as CLI11 takes them: last first.
std::vector<std::string> for_parser(const Line &line) {
  std::vector<std::string> words;
  for (const auto &[row, name, value] : line.options) {
    words.push_back(row->flag && value ? name + "=" + *value : name);
    if (row->take) words.push_back(value.value_or(""));
    const OptionRow *also = row->also.empty() ? nullptr : line.command->option(row->also);
    if (!also || !value || !also->take(*value).empty()) continue;
    words.emplace_back(row->also);
    words.push_back(*value);
  }
  words.push_back("--");
  words.insert(words.end(), line.arguments.begin(), line.arguments.end());
  std::reverse(words.begin(), words.end());
  return words;
}

/// Also drops what the command itself has noted, where the line has the option or one that excludes
/// it.
void note_variable(std::vector<std::pair<std::string_view, std::string_view>> &noted,
                   const Line &line, const OptionRow &row, const char *variable) {
  if (line.has(row) || line.excludes(row))
    std::erase_if(noted, [&](const auto &one) { return row.has_name(one.first); });
  if (variable) noted.emplace_back(row.long_name(), variable);
}

void set_values(const Line &line) try {
  CLI::App app;
  app.set_help_flag();
  for (const OptionRow &row : line.command->options) {
    if (row.form == Form::rest) continue;
    const char *const variable = variable_of(line, row);
    add(app, row, variable);
    if (line.command->variables) note_variable(*line.command->variables, line, row, variable);
  }
  for (const OptionRow &row : line.command->options)
    if (row.form == Form::rest)
      for (const std::string &word : line.rest) row.take(word);
  if (line.command->last_value_wins) // before the parse: CLI11 counts values
    for (CLI::Option *option : app.get_options())
      if (option->get_multi_option_policy() == CLI::MultiOptionPolicy::Throw) option->take_last();
  app.parse(for_parser(line));
} catch (const CLI::ParseError &error) {
  throw usage_error(*line.command, line.path, error.what());
}

std::string program_of(const char *argv0) {
  std::string_view name = argv0;
  name = name.substr(name.rfind('/') + 1);
  return name == "kubectl-hello" ? "kubectl hello" : "hello";
}

Action printed(std::string text) {
  return [text = std::move(text)] {
    print(text);
    return Exit::ok;
  };
}

} // namespace

std::unique_ptr<CommandRow> table(const std::function<void(const Command &)> &declare) {
  auto top = std::make_unique<CommandRow>();
  top->name = "hello";
  top->summary =
      "A small web service that shows a message, and the tool that deploys it to Kubernetes";
  declare(Command(*top));
  return top;
}

Action parse(int argc, const char *const *argv,
             const std::function<void(const Command &)> &declare) {
  const std::unique_ptr<CommandRow> top = table(declare);
  const std::string program = program_of(argc > 0 ? argv[0] : "");
  Words words(argv + std::min(argc, 1), argv + argc);
  const bool by_kubectl = argc > 0 && std::string_view(argv[0]).ends_with("kubectl_complete-hello");
  if (by_kubectl || (!words.empty() && words[0] == "__complete")) {
    if (!by_kubectl) words.erase(words.begin());
    return printed(complete(*top, words));
  }
  const Line line = read_line(*top, program, words);
  if (line.help || line.command == top.get()) return printed(help_of(*line.command, line.path));
  if (line.command->name == "help") {
    const auto [command, path] = find_command(*top, program, line.arguments);
    return printed(help_of(*command, path));
  }
  set_values(line);
  return line.command->action;
}

} // namespace hello::cli
