#include <charconv>
#include <ctime>

#include <fmt/format.h>

#include "cli/commands/commands.h"
#include "cli/view/output.h"
#include "hello/version.h"

namespace hello::cli {
namespace {

/// RFC 3339, or empty where the build did not know its time.
std::string build_time(std::string_view epoch) {
  long long seconds = 0;
  if (std::from_chars(epoch.data(), epoch.data() + epoch.size(), seconds).ec != std::errc{})
    return {};
  const std::time_t time = seconds;
  std::tm utc{};
  char text[sizeof "2026-11-23T00:00:00Z"];
  if (!gmtime_r(&time, &utc) || std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
    return {};
  return text;
}

/// What is linked, as the members of a JSON object. Names and versions are of dependencies.lock:
/// nothing to escape.
std::string libraries(std::string_view lines) {
  std::string out;
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(lines.size(), line.size() + 1));
    const std::size_t blank = line.find(' ');
    out += fmt::format("{}\"{}\": \"{}\"", out.empty() ? "" : ", ", line.substr(0, blank),
                       line.substr(blank + 1));
  }
  return out;
}

} // namespace

void add_version(const Command &app) {
  const Command command = app.sub("version", "Print version and build information");
  auto format = std::make_shared<std::string>("text");
  command.choice("-o,--output", *format, {"text", "json"},
                 {"json: commit, build time, compiler, libraries"});
  command.does([format] {
    const BuildInfo &info = build_info();
    if (*format == "text")
      print(fmt::format("hello {}\n", info.version));
    else
      print(fmt::format(
          "{{\"version\": \"{}\", \"commit\": \"{}\", \"buildTime\": \"{}\", \"compiler\": \"{}\", "
          "\"libraries\": {{{}}}}}\n",
          info.version, info.commit, build_time(info.epoch), info.compiler,
          libraries(info.libraries)));
    return 0;
  });
}

} // namespace hello::cli
