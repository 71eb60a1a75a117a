#include <map>

#include <fmt/core.h>
#include <poll.h>
#include <unistd.h>

#include "cli/commands/commands.h"
#include "cli/options/deploy_options.h"
#include "cli/view/events.h"
#include "cli/view/output.h"
#include "cli/view/paint.h"
#include "hello/history.h"
#include "hello/logs.h"
#include "hello/terminal.h"

namespace hello::cli {
namespace {

constexpr std::chrono::hours kYear(365 * 24);

struct Flags {
  ConfigOptions config;
  kube::LogOptions logs{std::string(release::kPods)};
  std::chrono::milliseconds since{-1}; ///< all
  bool timestamps = false, bare = false;
};

bool reader_left() {
  pollfd out{STDOUT_FILENO, 0, 0};
  return ::poll(&out, 1, 0) > 0 && (out.revents & (POLLERR | POLLNVAL));
}

int run_logs(const Flags &flags) {
  const config::Config config = flags.config.load();
  const sys::Interrupts interrupts("interrupted", "");
  const auto cluster = connect(config);
  const Paint paint{sys::has_colour(STDOUT_FILENO)};
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
  if (flags.since.count() >= 0)
    options.since_seconds = std::chrono::ceil<std::chrono::seconds>(flags.since).count();
  options.wanted = [] { return !reader_left(); }; // a reader that left is no error
  if (kube::read_logs(*cluster, options, take) == 0) say("no pods in " + target(cluster->access()));
  return 0;
}

} // namespace

void add_logs(const Command &app) {
  const Command command =
      app.sub("logs", "Show the log lines of all pods, each after its pod's name");
  auto flags = std::make_shared<Flags>();
  flags->config.add_to(command);
  command.flag("-f,--follow", flags->logs.follow,
               "Go on as lines come, across rollouts and restarts");
  command.duration("--since", flags->since, {"Only lines not older than this: 30s, 10m, 2h, 1d"},
                   {}, kYear);
  command.number("--tail", flags->logs.tail, 0, INT32_MAX,
                 {"Only so many lines of each container; all without it", "LINES"});
  command.flag("--timestamps", flags->timestamps, "Show when the node took each line");
  command.flag("--bare", flags->bare, "Without the pod's name");
  command.does([flags] { return run_logs(*flags); });
}

} // namespace hello::cli
