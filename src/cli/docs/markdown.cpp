#include <algorithm>

#include <fmt/core.h>

#include "cli/docs/docs.h"
#include "cli/options/help.h"
#include "hello/config.h"
#include "hello/text.h"

namespace hello::cli {
namespace {

/// For a cell of a table.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|' || c == '<' || c == '*') out += '\\';
    out += c;
  }
  return out;
}

std::string code(std::string_view text) { return fmt::format("`{}`", text); }

void add_options(std::string &out, const CommandRow &command) {
  for (const std::string_view section : sections_of(command)) {
    std::string rows;
    for (const OptionRow &row : command.options)
      if (!row.hidden && row.section == section) {
        const std::string label = label_of(row);
        rows += fmt::format("| {} | {} |\n", code(text::trimmed(label)), cell(help_of(row)));
      }
    if (rows.empty()) continue;
    out += fmt::format("\n| {} | |\n| --- | --- |\n{}", section, rows);
  }
}

void add_command(std::string &out, const CommandRow &command, const std::string &path,
                 std::string_view heading) {
  out += fmt::format("\n{} {}\n{}.\n\n```console\n$ {}\n```\n", heading, path, command.summary,
                     usage_of(command, path));
  add_options(out, command);
  for (const std::string_view paragraph : text::lines(command.details))
    out += fmt::format("\n{}\n", cell(paragraph));
  if (!command.examples.empty()) out += "\n```console\n";
  for (const Example &one : command.examples)
    out += fmt::format("$ {}    # {}\n", one.line, one.why);
  if (!command.examples.empty()) out += "```\n";
  for (const auto &below : command.commands)
    add_command(out, *below, fmt::format("{} {}", path, below->name), "###");
}

std::string type_of(const config::Type &type) {
  using config::Kind;
  switch (type.kind) {
  case Kind::string: return type.pattern.words.empty() ? "text" : std::string(type.pattern.words);
  case Kind::integer:
    return fmt::format("integer, {} to {}{}{}", type.min, type.max, type.unit.empty() ? "" : " ",
                       type.unit);
  case Kind::boolean: return "boolean";
  case Kind::duration: return fmt::format("duration, {}s to {}s", type.min, type.max);
  case Kind::quantity: return "quantity";
  case Kind::choice: return text::alternatives(type.choices);
  case Kind::list:
    return type.pattern.words.empty() ? "list" : fmt::format("list: {}", type.pattern.words);
  case Kind::map: return "map";
  }
  return "";
}

} // namespace

std::string commands_markdown(const CommandRow &top) {
  std::string out =
      "# Commands\n\n"
      "Here you can look up every command, option and exit code.\n\n"
      "`./dev docs` generates this page from the table that help, completion and man pages "
      "come from, too.\n\nEvery command takes `-h` and `--help`. Options can stand before or "
      "after the command. An option that is given twice is an error, unless it takes "
      "no value or is repeatable.\n\nExit codes:\n\n| code | meaning |\n| --- | --- |\n";
  for (std::string_view line : text::lines(kExitCodes)) {
    const std::size_t blank = line.find_first_of("abcdefghijklmnopqrstuvwxyz") - 1;
    out += fmt::format("| {} | {} |\n", line.substr(0, blank), line.substr(blank + 1));
  }
  for (const auto &command : top.commands)
    add_command(out, *command, fmt::format("hello {}", command->name), "##");
  return out;
}

std::string settings_markdown() {
  std::string out =
      "# Settings\n\nHere you can look up every setting of `hello.yaml`: its type, default and "
      "meaning.\n\n"
      "`./dev docs` generates this page from the table of settings. Types and precedence: "
      "[configuration.md](configuration.md). The environment variable of a key is the key in "
      "capitals, with `HELLO_` before it and `_` for dots and between words.\n\n"
      "| key | type | default | meaning |\n| --- | --- | --- | --- |\n";
  for (const config::Setting &one : config::settings())
    out += fmt::format("| {} | {} | {} | {}{} |\n", code(one.key), cell(type_of(one.type)),
                       one.default_value.empty() ? "" : code(one.default_value), cell(one.doc),
                       one.flag.empty() ? "" : fmt::format(" Flag: `{}`.", one.flag));
  return out;
}

} // namespace hello::cli
