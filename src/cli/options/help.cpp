#include "cli/options/help.h"

#include <algorithm>

#include <fmt/core.h>

#include "hello/text.h"

namespace hello::cli {
namespace {

using Form = OptionRow::Form;

constexpr std::size_t kColumns = 80;
constexpr std::size_t kWidestLabel = 30;
constexpr std::string_view kHelpLabel = "-h, --help";

std::string heading(std::string_view title) { return fmt::format("\n{}:\n", title); }

/// A label and its text in two columns.
std::string entry(const std::string &label, std::string_view text, std::size_t column) {
  std::string first = "  " + label;
  if (text::width(first) + 2 > column) return first + "\n" + wrapped(text, column, "");
  return wrapped(text, column, std::move(first));
}

std::string options_of(const CommandRow &command) {
  std::size_t column = kHelpLabel.size() + 4;
  for (const OptionRow &row : command.options)
    if (!row.hidden && text::width(label_of(row)) <= kWidestLabel)
      column = std::max(column, text::width(label_of(row)) + 4);
  std::string out;
  for (const std::string_view section : sections_of(command)) {
    out += heading(section);
    for (const OptionRow &row : command.options)
      if (!row.hidden && row.section == section) out += entry(label_of(row), help_of(row), column);
    if (section == "Options") out += entry(std::string(kHelpLabel), "print this help", column);
  }
  return out;
}

std::string commands_of(const CommandRow &top) {
  std::string out;
  std::string_view section;
  for (const auto &row : top.commands) {
    if (row->name.starts_with('_')) continue;
    if (row->section != section)
      out += heading(row->section == "Options" ? "Commands" : row->section);
    section = row->section;
    out += entry(std::string(row->name), row->summary, 16);
  }
  return out;
}

std::string examples_of(const CommandRow &command) {
  if (command.examples.empty()) return "";
  std::string out = heading("Examples");
  std::size_t column = 0, widest = 0;
  for (const Example &one : command.examples) {
    column = std::max(column, one.line.size() + 4);
    widest = std::max(widest, one.why.size());
  }
  for (const Example &one : command.examples)
    out += column + widest > kColumns ? fmt::format("  # {}\n  {}\n", one.why, one.line)
                                      : entry(std::string(one.line), one.why, column);
  return out;
}

} // namespace

std::string wrapped(std::string_view text, std::size_t indent, std::string first) {
  std::string out, line = std::move(first);
  std::size_t width = text::width(line);
  if (width < indent) {
    line.append(indent - width, ' ');
    width = indent;
  }
  bool begun = false;
  for (const std::string_view word : text::words(text)) {
    if (begun && width + 1 + text::width(word) > kColumns) {
      out += line + "\n";
      line.assign(indent, ' ');
      width = indent;
      begun = false;
    }
    if (begun) line += ' ', ++width;
    line += word;
    width += text::width(word);
    begun = true;
  }
  while (line.ends_with(' ')) line.pop_back();
  return out + line + "\n";
}

std::string label_of(const OptionRow &row) {
  if (!row.is_option()) return std::string(row.names);
  if (row.form == Form::pair)
    return fmt::format("    --[no-]{}", row.names.substr(5, row.names.find(',') - 5));
  const std::string_view brief = row.short_name();
  std::string out = brief.empty() ? "    " : fmt::format("{}, ", brief);
  out += row.long_name();
  if (row.form == Form::value) out += fmt::format(" {}", row.value_name);
  if (row.form == Form::url) out += fmt::format(" [{}]", row.value_name);
  return out;
}

std::string help_of(const OptionRow &row) {
  std::string out(row.help);
  if (!row.choices.empty())
    out += fmt::format("{}{}", out.empty() ? "" : ": ", text::alternatives(row.choices));
  std::string notes;
  const auto note = [&](const std::string &text) { notes += (notes.empty() ? "" : ", ") + text; };
  if (row.required) note("required");
  if (!row.fallback.empty()) note("default: " + row.fallback);
  if (row.env) note(fmt::format("env: {}", row.env));
  if (row.repeats && row.is_option() && !row.separator) note("repeatable");
  return notes.empty() ? out : fmt::format("{} ({})", out, notes);
}

std::vector<std::string_view> sections_of(const CommandRow &command) {
  std::vector<std::string_view> all{"Options"};
  for (const OptionRow &row : command.options) {
    if (row.hidden || std::find(all.begin(), all.end(), row.section) != all.end()) continue;
    if (row.section == "Arguments")
      all.insert(all.begin(), row.section);
    else
      all.push_back(row.section);
  }
  return all;
}

std::string usage_of(const CommandRow &command, const std::string &path) {
  std::string out = path;
  if (!command.action && !command.commands.empty()) return out + " COMMAND [options]";
  for (const auto &below : command.commands) out += fmt::format(" [{}]", below->name);
  for (const OptionRow &row : command.options)
    if (row.form == Form::argument)
      out += fmt::format(" {}{}{}{}", row.required ? "" : "[", row.names, row.repeats ? "…" : "",
                         row.required ? "" : "]");
  if (std::any_of(command.options.begin(), command.options.end(),
                  [](const OptionRow &row) { return row.is_option() && !row.hidden; }))
    out += " [options]";
  for (const OptionRow &row : command.options)
    if (row.form == Form::rest) out += fmt::format(" [-- {}…]", row.names);
  return out;
}

std::string help_of(const CommandRow &command, const std::string &path) {
  std::string out = wrapped(command.summary, 0, "") + "\n";
  out += wrapped(usage_of(command, path), 7, "Usage: ");
  if (command.action) {
    for (const auto &below : command.commands)
      out += heading("Commands") + entry(std::string(below->name), below->summary, 16);
    out += options_of(command);
  } else {
    out += commands_of(command);
  }
  for (const std::string_view paragraph : text::lines(command.details))
    out += "\n" + wrapped(paragraph, 0, "");
  out += examples_of(command);
  if (command.action) return out;
  out += heading("Exit codes");
  for (const std::string_view line : text::lines(kExitCodes)) out += fmt::format("  {}\n", line);
  return out + fmt::format("\nRun '{} COMMAND --help' for details about a command.\n", path);
}

} // namespace hello::cli
