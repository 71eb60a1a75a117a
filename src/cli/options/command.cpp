#include "cli/options/command.h"

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include "cli/view/output.h"
#include "hello/error.h"
#include "hello/nearest.h"
#include "hello/text.h"

namespace hello::cli {
namespace {

using std::chrono::milliseconds;

std::string show(milliseconds time) {
  return time.count() % 1000 ? fmt::format("{}ms", time.count())
                             : fmt::format("{}s", time.count() / 1000);
}

template <typename Text> auto into(Text &value) {
  return [&value](const std::string &text) {
    value = text;
    return std::string();
  };
}

/// Why `chosen` does not take `word`, with the nearest name that it takes.
std::string unknown(const CLI::App &chosen, std::string_view word) {
  std::vector<std::string_view> names;
  if (word.starts_with('-')) {
    word = word.substr(0, word.find('='));
    for (const CLI::Option *one : chosen.get_options())
      names.insert(names.end(), one->get_lnames().begin(), one->get_lnames().end());
    const std::string near =
        config::nearest(word.substr(std::min(word.find_first_not_of('-'), word.size())), names);
    return fmt::format("there is no option '{}'{}", word,
                       config::hint(near.empty() ? near : "--" + near));
  }
  for (const CLI::App *one : chosen.get_subcommands(nullptr)) names.push_back(one->get_name());
  if (names.empty()) return fmt::format("unexpected argument '{}'", word);
  return fmt::format("there is no command '{}'{}", word,
                     config::hint(config::nearest(word, names)));
}

/// A parse error as an Error. CLI11 does not name a misspelt command, and suggests nothing.
Error usage(const CLI::App &app, const CLI::ParseError &error) {
  std::string command = "hello";
  const CLI::App *chosen = &app;
  while (!chosen->get_subcommands().empty()) {
    chosen = chosen->get_subcommands().front();
    command += " " + chosen->get_name();
  }
  std::string text = error.what();
  const auto code = static_cast<CLI::ExitCodes>(error.get_exit_code());
  if (code == CLI::ExitCodes::ExtrasError || code == CLI::ExitCodes::RequiredError) {
    const std::vector<std::string> before = app.remaining(), rest = chosen->remaining();
    const auto option = std::find_if(rest.begin(), rest.end(),
                                     [](const auto &word) { return word.starts_with('-'); });
    if (chosen != &app && !before.empty())
      text =
          before.front().starts_with('-')
              ? fmt::format("'{}' stands before the command: options come after it", before.front())
              : unknown(*chosen, before.front());
    else if (!rest.empty())
      text = unknown(*chosen, option == rest.end() ? rest.front() : *option);
  }
  return Error(Exit::usage, text, command + " --help says more");
}

} // namespace

Action parse(int argc, const char *const *argv,
             const std::function<void(const Command &)> &declare) {
  CLI::App app{"A small web service that shows a message, and the tool that puts it on Kubernetes.",
               "hello"};
  app.require_subcommand(1);
  app.footer("Exit codes: 0 ok; 1 the answer is no (unhealthy, drift, findings); 2 usage; 3 "
             "configuration or template\n"
             "invalid; 4 cluster unreachable or refused; 5 rollout failed; 6 any other failure; "
             "129, 130, 143\n"
             "interrupted.");
  Action chosen;
  declare(Command(app, chosen));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &error) {
    if (error.get_exit_code() != 0) throw usage(app, error);
    return [help = app.help()] {
      print(help);
      return Exit::ok;
    };
  }
  return chosen;
}

Command Command::subcommand(const char *name, const char *help) const {
  return {*app_->add_subcommand(name, help), *chosen_};
}

void Command::action(Action action) const {
  app_->callback([chosen = chosen_, app = app_, action = std::move(action)] {
    if (app->get_subcommands().empty()) *chosen = action;
  });
}

void Command::footer(const char *text) const { app_->footer(text); }

void Command::section(const char *title) const { app_->option_defaults()->group(title); }

void Command::last_value_wins() const { app_->option_defaults()->take_last(); }

CLI::Option *Command::add(const char *names, Take take, const OptionSpec &spec) const {
  const std::string name =
      std::string(names).substr(std::string_view(names).starts_with("-o,") ? 3 : 0);
  const auto callback = [take = std::move(take), name,
                         env = spec.env](const CLI::results_t &values) {
    for (const std::string &value : values) {
      const std::string wrong = take(value);
      if (wrong.empty()) continue;
      const char *from = env ? std::getenv(env) : nullptr;
      throw CLI::ValidationError(from && from == value ? env : name, wrong);
    }
    return true;
  };
  CLI::Option *option = app_->add_option(names, callback, spec.help);
  option->type_name(spec.value_name)->required(spec.required);
  if (spec.env) option->envname(spec.env);
  if (!spec.default_text.empty()) option->default_str(spec.default_text);
  return option;
}

void Command::flag(const char *names, bool &value, const char *help) const {
  app_->add_flag(names, value, help);
}

void Command::flag_pair(const char *off, const char *on, bool &value,
                        const OptionSpec &spec) const {
  app_->add_flag(fmt::format("!{},{}", off, on), value, spec.help)
      ->envname(spec.env ? spec.env : "");
}

void Command::text(const char *names, std::string &value, const OptionSpec &spec) const {
  OptionSpec with_default = spec;
  if (spec.default_text.empty()) with_default.default_text = value;
  add(names, into(value), with_default);
}

void Command::text(const char *names, std::optional<std::string> &value,
                   const OptionSpec &spec) const {
  add(names, into(value), spec);
}

void Command::choice(const char *names, std::string &value,
                     std::initializer_list<const char *> choices, const OptionSpec &spec) const {
  const auto take = [&value, all = std::vector<const char *>(choices)](std::size_t index) {
    value = all[index];
  };
  choice(names, take, value, choices, spec);
}

void Command::choice(const char *names, std::function<void(std::size_t)> take, std::string current,
                     std::initializer_list<const char *> choices, const OptionSpec &spec) const {
  const std::vector<std::string> all(choices.begin(), choices.end());
  const std::string alternatives = text::join(all, "|");
  const auto checked = [take = std::move(take), all, alternatives](const std::string &text) {
    const auto found = std::find(all.begin(), all.end(), text);
    if (found == all.end())
      return fmt::format("invalid value '{}': use {}", text, text::alternatives(alternatives));
    take(static_cast<std::size_t>(found - all.begin()));
    return std::string();
  };
  OptionSpec with_default = spec;
  with_default.default_text = std::move(current);
  with_default.value_name = alternatives.c_str();
  add(names, checked, with_default);
}

void Command::duration(const char *names, milliseconds &value, const OptionSpec &spec,
                       milliseconds min, std::chrono::hours max) const {
  OptionSpec with_default = spec;
  with_default.value_name = "TIME";
  if (value.count() >= 0) with_default.default_text = show(value);
  const auto take = [&value, min, max](const std::string &text) {
    const auto time = text::duration(text);
    if (!time || *time > max)
      return fmt::format("'{}' is no duration from 0 to {}h, such as 500ms, 10s or 5m", text,
                         max.count());
    if (*time < min) return std::string("must be more than 0");
    value = *time;
    return std::string();
  };
  add(names, take, with_default);
}

void Command::integer(const char *names, std::function<void(std::int64_t)> take, std::int64_t min,
                      std::int64_t max, const OptionSpec &spec) const {
  const auto checked = [take = std::move(take), min, max](const std::string &text) {
    const auto number = text::integer(text, min, max);
    if (!number) return fmt::format("'{}' is not a whole number between {} and {}", text, min, max);
    take(*number);
    return std::string();
  };
  add(names, checked, spec);
}

void Command::list(const char *names, std::vector<std::string> &values, const OptionSpec &spec,
                   char separator) const {
  const auto take = [&values](const std::string &text) {
    values.push_back(text);
    return std::string();
  };
  CLI::Option *option = add(names, take, spec);
  option->take_all();
  if (option->get_positional()) option->expected(CLI::detail::expected_max_vector_size);
  if (separator) option->delimiter(separator);
}

void Command::on_each(const char *names, Take take, const OptionSpec &spec) const {
  add(names, std::move(take), spec)->trigger_on_parse();
}

} // namespace hello::cli
