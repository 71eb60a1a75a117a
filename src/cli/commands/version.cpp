#include <fmt/core.h>

#include "cli/commands/commands.h"
#include "cli/view/output.h"
#include "hello/json.h"
#include "hello/text.h"
#include "hello/version.h"

namespace hello::cli {
namespace {

std::string json_of(const BuildInfo &info) {
  const auto epoch = text::integer(info.epoch);
  std::string text;
  json::Writer out(text, json::Style::spaced);
  out.begin_object().key("version").string(info.version).key("commit").string(info.commit);
  out.key("buildTime").string(epoch ? text::utc(*epoch) : ""); // the build may not know its time
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
    print(fmt::format("hello {}\n", info.version));
  else
    print_document(json_of(info), options.format);
  return Exit::ok;
}

void declare(const Command &command, VersionOptions &options) {
  add_format(command, options.format, "text|json|yaml",
             "output format (json and yaml: with commit, build time, compiler, libraries)");
  command.example("hello version -o json", "output for scripts");
}

} // namespace hello::cli
