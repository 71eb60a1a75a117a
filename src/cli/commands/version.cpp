#include <fmt/core.h>

#include "cli/commands/commands.h"
#include "cli/view/output.h"
#include "hello/json.h"
#include "hello/text.h"
#include "hello/version.h"

namespace hello::cli {
namespace {

/// The build may not know its time.
std::string time_of(const BuildInfo &info) {
  const auto epoch = text::integer(info.epoch);
  return epoch ? text::utc(*epoch) : "";
}

std::string text_of(const BuildInfo &info) {
  std::string out = fmt::format("hello {}\n", info.version);
  const auto row = [&](std::string_view label, std::string_view value) {
    if (!value.empty()) out += fmt::format("{:<13} {}\n", label, value);
  };
  row("commit", info.commit);
  row("date", time_of(info));
  row("architecture", info.architecture);
  row("compiler", info.compiler);
  std::string_view label = "libraries";
  for (const std::string_view line : text::lines(info.libraries)) {
    out += fmt::format("{:<13} {}\n", label, line);
    label = "";
  }
  return out;
}

std::string json_of(const BuildInfo &info) {
  std::string text;
  json::Writer out(text, json::Style::spaced);
  out.begin_object().key("version").string(info.version).key("commit").string(info.commit);
  out.key("buildTime").string(time_of(info));
  out.key("architecture").string(info.architecture);
  out.key("compiler").string(info.compiler).key("libraries").begin_object();
  for (std::string_view line : text::lines(info.libraries)) {
    const std::string_view name = text::take(line, ' ');
    out.key(name).string(line);
  }
  out.end_object().end_object();
  return text + "\n";
}

} // namespace

Exit run(const VersionOptions &options) {
  const BuildInfo &info = build_info();
  if (options.format == Format::text)
    print(text_of(info));
  else
    print_document(json_of(info), options.format);
  return Exit::ok;
}

void declare(const Command &command, VersionOptions &options) {
  add_format(command, options.format, "text|json|yaml", "output format");
  command.example("hello version -o json", "output for scripts");
  command.example("hello --version", "the same as hello version");
}

} // namespace hello::cli
