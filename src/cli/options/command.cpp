#include "cli/options/command.h"

#include <fmt/core.h>

#include "hello/text.h"

namespace hello::cli {
namespace {

using std::chrono::milliseconds;
using Form = OptionRow::Form;

std::string show(milliseconds time) {
  const auto seconds = time.count() / 1000;
  if (time.count() % 1000) return fmt::format("{}ms", time.count());
  if (seconds > 0 && seconds % 3600 == 0) return fmt::format("{}h", seconds / 3600);
  if (seconds > 0 && seconds % 60 == 0) return fmt::format("{}m", seconds / 60);
  return fmt::format("{}s", seconds);
}

template <typename Text> auto into(Text &value) {
  return [&value](const std::string &text) {
    value = text;
    return std::string();
  };
}

auto onto(std::vector<std::string> &values) {
  return [&values](const std::string &text) {
    values.push_back(text);
    return std::string();
  };
}

} // namespace

Command Command::subcommand(std::string_view name, std::string_view summary) const {
  auto row = std::make_unique<CommandRow>();
  row->name = name;
  row->summary = summary;
  row->section = row_->open_section;
  row_->commands.push_back(std::move(row));
  return Command(*row_->commands.back());
}

void Command::action(Action action) const { row_->action = std::move(action); }

void Command::details(std::string_view text) const { row_->details = text; }

void Command::example(std::string_view line, std::string_view why) const {
  row_->examples.push_back({line, why});
}

void Command::section(std::string_view title) const { row_->open_section = title; }

void Command::last_value_wins() const { row_->last_value_wins = true; }

void Command::either(std::string_view one, std::string_view other) const {
  row_->either.emplace_back(one, other);
}

void Command::note_variables(
    std::vector<std::pair<std::string_view, std::string_view>> &variables) const {
  row_->variables = &variables;
}

OptionRow &Command::add(std::string_view names, Form form, const OptionSpec &spec) const {
  OptionRow row;
  row.form = form;
  row.names = names;
  row.value_name = spec.value_name;
  row.help = spec.help;
  row.section = row_->open_section;
  row.env = spec.env;
  row.fallback = spec.fallback;
  row.completes = spec.completes;
  row.required = spec.required;
  row.hidden = spec.hidden;
  row_->options.push_back(std::move(row));
  return row_->options.back();
}

OptionRow &Command::each(std::string_view names, Take take, const OptionSpec &spec) const {
  OptionRow &row = add(names, names.starts_with('-') ? Form::value : Form::argument, spec);
  row.take = std::move(take);
  return row;
}

void Command::flag(std::string_view names, bool &value, std::string_view help) const {
  add(names, Form::flag, {help}).flag = &value;
}

void Command::flag_pair(std::string_view names, bool &value, const OptionSpec &spec) const {
  add(names, Form::pair, spec).flag = &value;
}

void Command::text(std::string_view names, std::string &value, const OptionSpec &spec) const {
  OptionRow &row = each(names, into(value), spec);
  if (spec.fallback.empty()) row.fallback = value;
}

void Command::text(std::string_view names, std::optional<std::string> &value,
                   const OptionSpec &spec) const {
  each(names, into(value), spec);
}

void Command::choice(std::string_view names, std::string &value, std::string_view choices,
                     const OptionSpec &spec) const {
  const auto all = text::split(choices, '|');
  std::size_t current = 0;
  for (std::size_t i = 0; i < all.size(); ++i)
    if (all[i] == value) current = i;
  const auto take = [&value, choices](std::size_t index) {
    value = text::split(choices, '|')[index];
  };
  choice(names, take, current, choices, spec);
}

void Command::choice(std::string_view names, std::function<void(std::size_t)> take,
                     std::size_t current, std::string_view choices, const OptionSpec &spec) const {
  const auto checked = [take = std::move(take), choices](const std::string &text) {
    std::size_t index = 0;
    for (const std::string_view choice : text::split(choices, '|')) {
      if (choice == text) {
        take(index);
        return std::string();
      }
      ++index;
    }
    return fmt::format("invalid value '{}': use {}", text, text::alternatives(choices));
  };
  OptionRow &row = each(names, checked, spec);
  row.choices = choices;
  if (spec.required)
    row.fallback.clear();
  else if (spec.fallback.empty())
    row.fallback = text::split(choices, '|')[current];
}

void Command::duration(std::string_view names, milliseconds &value, const OptionSpec &spec,
                       milliseconds min, milliseconds max) const {
  const auto take = [&value, min, max](const std::string &text) {
    const auto time = text::duration(text::is_digits(text) ? text + "s" : text);
    if (!time || *time > max)
      return fmt::format("'{}' is not a duration from 0 to {}, such as 500ms, 10s or 5m", text,
                         show(max));
    if (*time < min && min.count() > 1)
      return fmt::format("'{}' is too short: use at least {} ms", text, min.count());
    if (*time < min) return std::string("must be more than 0");
    value = *time;
    return std::string();
  };
  OptionRow &row = each(names, take, spec);
  row.value_name = "TIME";
  if (value.count() >= 0) row.fallback = show(value);
}

void Command::integer(std::string_view names, std::function<void(std::int64_t)> take,
                      std::int64_t min, std::int64_t max, const OptionSpec &spec) const {
  const auto checked = [take = std::move(take), min, max](const std::string &text) {
    const auto number = text::integer(text, min, max);
    if (!number) return fmt::format("'{}' is not a whole number between {} and {}", text, min, max);
    take(*number);
    return std::string();
  };
  each(names, checked, spec);
}

void Command::list(std::string_view names, std::vector<std::string> &values, const OptionSpec &spec,
                   char separator) const {
  const auto take = [&values, separator](const std::string &text) {
    values.emplace_back(separator ? text::trimmed(text) : std::string_view(text));
    return std::string();
  };
  OptionRow &row = each(names, take, spec);
  row.repeats = true;
  row.separator = separator;
}

void Command::rest(std::string_view name, std::vector<std::string> &words,
                   std::string_view help) const {
  OptionRow &row = add(name, Form::rest, {help});
  row.take = onto(words);
  row.repeats = true;
}

void Command::url(std::string_view names, std::optional<std::string> &value,
                  const OptionSpec &spec) const {
  OptionRow &row = each(names, into(value), spec);
  row.form = Form::url;
}

} // namespace hello::cli
