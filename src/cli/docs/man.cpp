#include <fmt/core.h>

#include "cli/docs/docs.h"
#include "cli/options/help.h"
#include "hello/config.h"
#include "hello/text.h"
#include "hello/version.h"

namespace hello::cli {
namespace {

/// For roff: backslashes and hyphens, and no line that begins like a request.
std::string roff(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '-')
      out += "\\-";
    else if (c == '\\')
      out += "\\e";
    else
      out += c;
  }
  if (out.starts_with('.') || out.starts_with('\'')) out.insert(0, "\\&");
  return out;
}

std::string heading(std::string_view title) { return fmt::format(".SH {}\n", text::upper(title)); }

std::string head(std::string_view name, int section, std::string_view summary) {
  return fmt::format(".TH {} {} \"\" \"hello {}\" \"hello manual\"\n.SH NAME\n{} \\- {}\n",
                     text::upper(name), section, build_info().version, roff(name), roff(summary));
}

std::string entry(std::string_view label, std::string_view text) {
  return fmt::format(".TP\n.B {}\n{}\n", roff(label), roff(text));
}

std::string options_of(const CommandRow &command) {
  std::string out;
  for (const std::string_view section : sections_of(command)) {
    std::string rows;
    for (const OptionRow &row : command.options)
      if (!row.hidden && row.section == section)
        rows += entry(text::trimmed(label_of(row)), help_of(row));
    if (section == "Options") rows += entry("-h, --help", "this help");
    out += heading(section) + rows;
  }
  return out;
}

std::string commands_of(const CommandRow &command) {
  if (command.commands.empty()) return "";
  std::string out = heading("Commands");
  for (const auto &below : command.commands) out += entry(below->name, below->summary);
  return out;
}

std::string exit_codes() {
  std::string out = heading("Exit status");
  for (const std::string_view line : text::lines(kExitCodes)) {
    const std::size_t blank = line.find_first_of("abcdefghijklmnopqrstuvwxyz") - 1;
    out += entry(line.substr(0, blank), line.substr(blank + 1));
  }
  return out;
}

} // namespace

std::string man_page(const CommandRow &command, const std::string &name) {
  std::string path = name;
  if (path != "hello") path[5] = ' ';
  std::string out = head(name, 1, command.summary);
  out += fmt::format(".SH SYNOPSIS\n.B {}\n", roff(usage_of(command, path)));
  out += commands_of(command);
  if (command.action) out += options_of(command);
  if (!command.details.empty()) out += heading("Description");
  for (const std::string_view paragraph : text::lines(command.details))
    out += fmt::format(".PP\n{}\n", roff(paragraph));
  if (!command.examples.empty()) out += heading("Examples");
  for (const Example &one : command.examples)
    out += fmt::format(".PP\n{}:\n.PP\n.nf\n.RS\n{}\n.RE\n.fi\n", roff(one.why), roff(one.line));
  out += exit_codes() + heading("See also");
  return out + (name == "hello" ? ".BR hello.yaml (5)\n" : ".BR hello (1),\n.BR hello.yaml (5)\n");
}

std::string man_page_of_settings() {
  std::string out = head("hello.yaml", 5, "configuration of hello's deployer");
  out += heading("Description");
  out += "All keys are optional. Precedence, highest first: flags, HELLO_* variables, the overlay "
         "contexts.NAME of the context, the file, the default.\n";
  out += heading("Keys");
  for (const config::Setting &one : config::settings()) {
    std::string text(one.doc);
    if (one.type.kind == config::Kind::choice)
      text += fmt::format(" One of {}.", text::alternatives(one.type.choices));
    if (!one.default_value.empty()) text += fmt::format(" Default: {}.", one.default_value);
    if (const std::string variable = config::environment_name(one.key); !variable.empty())
      text += fmt::format(" Environment: {}.", variable);
    out += entry(one.key, text);
  }
  return out + heading("See also") + ".BR hello (1)\n";
}

} // namespace hello::cli
