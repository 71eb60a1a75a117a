#include "cli/options/command.h"

#include <charconv>

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

/// Whole, of `text`, or nothing.
std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(number)
                                                                  : std::nullopt;
}

std::optional<milliseconds> parse_duration(std::string_view text) {
  if (text == "0") return milliseconds(0);
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const std::string_view unit = text.substr(digits);
  const std::int64_t factor = unit == "ms"  ? 1
                              : unit == "s" ? 1000
                              : unit == "m" ? 60'000
                              : unit == "h" ? 3'600'000
                              : unit == "d" ? 86'400'000
                                            : 0;
  const auto number = whole_number(text.substr(0, digits));
  if (factor == 0 || !number || *number > INT64_MAX / factor) return std::nullopt;
  return milliseconds(*number * factor);
}

/// What is wrong with a word that `chosen` does not take, and what it was meant to be.
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

/// A wrong command line, in the words of all our errors. CLI11 names no misspelt command, and no
/// neighbour of a word.
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

int run_line(int argc, char **argv, const std::function<void(const Command &)> &declare) {
  CLI::App app{"A small web service that shows a message, and the tool that puts it on Kubernetes.",
               "hello"};
  app.require_subcommand(1);
  app.footer("Exit codes: 0 ok; 1 the answer is no (unhealthy, drift, findings); 2 usage; 3 "
             "configuration or template\n"
             "invalid; 4 cluster unreachable or refused; 5 rollout failed; 6 any other failure; "
             "129, 130, 143\n"
             "interrupted.");
  Run run;
  declare(Command(app, run));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &error) {
    if (error.get_exit_code() != 0) throw usage(app, error);
    print(app.help()); // which was asked for
    return 0;
  }
  return run();
}

Command Command::sub(const char *name, const char *what) const {
  return {*app_->add_subcommand(name, what), *run_};
}

void Command::does(Run work) const {
  app_->callback([run = run_, app = app_, work] {
    if (app->get_subcommands().empty()) *run = work; // else it is the subcommand's
  });
}

void Command::footer(const char *text) const { app_->footer(text); }

void Command::heading(const char *title) const {
  app_->option_defaults()->group(title ? title : "Options");
}

void Command::last_wins() const { app_->option_defaults()->take_last(); }

CLI::Option *Command::add(const char *names, Take take, const Words &words) const {
  const std::string name =
      std::string(names).substr(std::string_view(names).starts_with("-o,") ? 3 : 0);
  const auto callback = [take = std::move(take), name,
                         env = words.env](const CLI::results_t &values) {
    for (const std::string &value : values) {
      const std::string wrong = take(value);
      if (wrong.empty()) continue;
      const char *from = env ? std::getenv(env) : nullptr;
      throw CLI::ValidationError(from && from == value ? env : name, wrong);
    }
    return true;
  };
  CLI::Option *option = app_->add_option(names, callback, words.help);
  option->type_name(words.type);
  if (words.env) option->envname(words.env);
  if (!words.standard.empty()) option->default_str(words.standard);
  return option;
}

void Command::flag(const char *names, bool &value, const char *help) const {
  app_->add_flag(names, value, help);
}

void Command::off_flag(const char *names, const char *on, bool &value, const Words &words) const {
  app_->add_flag(fmt::format("!{},{}", names, on), value, words.help)
      ->envname(words.env ? words.env : "");
}

void Command::text(const char *names, std::string &value, const Words &words, bool required) const {
  Words said = words;
  if (said.standard.empty()) said.standard = value;
  add(
      names, [&value](const std::string &text) { return value = text, std::string(); }, said)
      ->required(required);
}

void Command::text(const char *names, std::optional<std::string> &value, const Words &words) const {
  add(
      names, [&value](const std::string &text) { return value = text, std::string(); }, words);
}

void Command::choice(const char *names, std::string &value, std::initializer_list<const char *> of,
                     const Words &words) const {
  std::string all;
  for (const char *one : of) all += (all.empty() ? "" : "|") + std::string(one);
  Words said = words;
  said.type = "";
  said.standard = value;
  const auto take = [&value, all](const std::string &text) {
    if (text.empty() || text.find('|') != text.npos ||
        ("|" + all + "|").find("|" + text + "|") == std::string::npos)
      return fmt::format("invalid value '{}': use {}", text, text::alternatives(all));
    value = text;
    return std::string();
  };
  add(names, take, said)->type_name(all);
}

void Command::duration(const char *names, milliseconds &value, const Words &words,
                       milliseconds least, std::chrono::hours most) const {
  Words said = words;
  said.type = "TIME";
  if (value.count() >= 0) said.standard = show(value);
  const auto take = [&value, least, most](const std::string &text) {
    const auto time = parse_duration(text);
    if (!time || *time > most)
      return fmt::format("'{}' is no duration from 0 to {}h, such as 500ms, 10s or 5m", text,
                         most.count());
    if (*time < least) return std::string("must be more than 0");
    value = *time;
    return std::string();
  };
  add(names, take, said);
}

void Command::whole(const char *names, std::function<void(std::int64_t)> take, std::int64_t least,
                    std::int64_t most, const Words &words) const {
  const auto checked = [take = std::move(take), least, most](const std::string &text) {
    const auto number = whole_number(text);
    if (!number || *number < least || *number > most)
      return fmt::format("'{}' is not a whole number between {} and {}", text, least, most);
    take(*number);
    return std::string();
  };
  add(names, checked, words);
}

void Command::list(const char *names, std::vector<std::string> &values, const Words &words,
                   char separator) const {
  const auto take = [&values](const std::string &text) {
    return values.push_back(text), std::string();
  };
  CLI::Option *option = add(names, take, words);
  option->take_all();
  if (option->get_positional()) option->expected(CLI::detail::expected_max_vector_size);
  if (separator) option->delimiter(separator);
}

void Command::one(const char *names, std::vector<std::string> &values, const Words &words) const {
  add(
      names, [&values](const std::string &text) { return values = {text}, std::string(); }, words);
}

void Command::each(const char *names, Take take, const Words &words) const {
  add(names, std::move(take), words)->trigger_on_parse();
}

} // namespace hello::cli
