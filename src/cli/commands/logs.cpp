#include <map>

#include <fmt/core.h>
#include <poll.h>
#include <unistd.h>

#include "cli/commands/commands.h"
#include "cli/options/advice.h"
#include "cli/view/events.h"
#include "cli/view/output.h"
#include "cli/view/paint.h"
#include "hello/releases.h"

namespace hello::cli {
namespace {

constexpr std::chrono::hours kYear(365 * 24);

bool reader_left() {
  pollfd out{STDOUT_FILENO, 0, 0};
  return ::poll(&out, 1, 0) > 0 && (out.revents & (POLLERR | POLLNVAL));
}

} // namespace

Exit run(const LogsOptions &flags) {
  const config::Config config = flags.config.load();
  const sys::Interrupts interrupts("interrupted", "");
  const auto cluster = connect(config, flags.config, Purpose::read);
  const Paint paint = flags.config.console.paint(STDOUT_FILENO);
  std::map<std::string, int> colours; // by pod, in order of appearance
  const auto take = [&](const kube::LogLine &line) {
    const int number =
        colours.try_emplace(line.pod, static_cast<int>(colours.size()) % 6).first->second;
    std::string who = line.container == "hello" ? line.pod : line.pod + "/" + line.container;
    who = paint(fmt::format("\033[3{}m", number + 1), who);
    print(fmt::format("{}{}{}{}{}\n", flags.bare ? "" : who, flags.bare ? "" : " ",
                      flags.timestamps ? line.time : "", flags.timestamps ? " " : "", line.text));
    return true;
  };
  kube::LogOptions options = flags.logs;
  options.selector = names::pods_selector(cluster->access().release);
  if (flags.since.count() >= 0)
    options.since_seconds = std::chrono::ceil<std::chrono::seconds>(flags.since).count();
  options.wanted = [] { return !reader_left(); }; // a reader that left is no error
  if (options.follow) release::require_release(*cluster);
  if (kube::read_logs(*cluster, options, take) > 0) return Exit::ok;
  suggest_namespace(*cluster);
  release::require_release(*cluster);
  flags.config.console.note("no pods in " + target(cluster->access()));
  return Exit::ok;
}

void declare(const Command &command, LogsOptions &options) {
  command.flag("-f,--follow", options.logs.follow,
               "keep printing new lines, across rollouts and restarts");
  command.duration("--since", options.since, {"age of the oldest lines to print: 30s, 10m, 2h, 1d"},
                   {}, kYear);
  command.number("--tail", options.logs.tail, 0, INT32_MAX,
                 {"number of last lines to print per container; by default all", "LINES"});
  command.flag("--timestamps", options.timestamps, "print the time of each line");
  command.flag("--bare", options.bare, "omit the pod name before each line");
  options.config.add_to(command, {.cluster = true});
  command.example("hello logs -f --since 5m", "follow the logs of all pods");
  command.example("hello logs --bare | jq .status", "print only the lines themselves");
}

} // namespace hello::cli
