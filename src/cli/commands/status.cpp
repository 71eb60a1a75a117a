#include <unistd.h>

#include <fmt/core.h>

#include "cli/commands/commands.h"
#include "cli/options/deploy_options.h"
#include "cli/options/release_set.h"
#include "cli/view/events.h"
#include "cli/view/output.h"
#include "cli/view/reports.h"
#include "hello/error.h"
#include "hello/manifest.h"
#include "hello/mirror.h"
#include "hello/status.h"
#include "hello/terminal.h"

namespace hello::cli {
namespace {

struct Flags {
  ConfigOptions config;
  std::string output = "text";
  bool watch = false, verify = false;
};

int show(kube::Cluster &cluster, const Flags &flags, bool clear) {
  const deploy::Observation observed = deploy::observe(cluster);
  const auto now =
      std::chrono::time_point_cast<std::chrono::seconds>(std::chrono::system_clock::now());
  const deploy::Status status = deploy::status_of(observed, now);
  const std::string text = flags.output == "json" ? json_of(status, observed, cluster.access())
                                                  : text_of(status, observed, cluster.access(),
                                                            Paint{sys::has_colour(STDOUT_FILENO)});
  print((clear ? "\033[H\033[J" : "") + text);
  return static_cast<int>(status.healthy() ? Exit::ok : Exit::no);
}

/// It matters that something changed, not what.
class NoSink final : public kube::Sink {
public:
  void clear() override {}
  void put(const std::string &, const json::Value &) override {}
  void erase(const std::string &) override {}
};

/// Looks again whenever something changed, at most twice a second, until it is interrupted.
[[noreturn]] void watch(kube::Cluster &cluster, const Flags &flags) {
  const bool terminal = sys::is_terminal(STDOUT_FILENO) && flags.output == "text";
  const auto collections = deploy::watched(cluster.access().ns);
  NoSink sink;
  std::vector<kube::Source> sources;
  for (const kube::Collection &collection : collections) sources.push_back({collection, &sink});
  const auto mirror = cluster.watch(sources);
  for (;;) {
    show(cluster, flags, terminal);
    cluster.sleep(std::chrono::milliseconds(500));
    mirror->wait(cluster.now() + std::chrono::seconds(terminal ? 10 : 3600)); // ages go on
    for (std::size_t i = 0; i < sources.size(); ++i)
      if (const kube::Failure *refusal = mirror->refused(i);
          refusal && refusal->trouble == kube::Trouble::forbidden)
        throw kube::explain(*refusal, fmt::format("watch the {}s", collections[i].kind),
                            cluster.access());
  }
}

/// Whether the service answers, as a deploy asks it at its end.
bool answers(kube::Cluster &cluster, const config::Config &config, const std::string &output) {
  const deploy::Listener failed = [](const deploy::Event &event) {
    if (const EventText words = event_text(event); words.tone == EventText::Tone::failure)
      say(words.text);
  };
  // stdout has its one object already
  const deploy::Listener emit = output == "json" ? failed : listener(output, cluster.access());
  return deploy::report(cluster, set_of(manifest::render_all(config)), {}, emit);
}

int run_status(const Flags &flags) {
  if (flags.watch && flags.verify)
    throw Error(Exit::usage, "--verify asks once, --watch goes on: leave one of the two out");
  const config::Config config = flags.config.load();
  const sys::Interrupts interrupts("interrupted", "");
  const auto cluster = connect(config);
  if (flags.watch) watch(*cluster, flags);
  const int code = show(*cluster, flags, false);
  if (code != 0 || !flags.verify) return code;
  return static_cast<int>(answers(*cluster, config, flags.output) ? Exit::ok : Exit::no);
}

} // namespace

void add_status(const Command &app) {
  const Command command =
      app.sub("status", "Show what runs, how it is, and why; exit code 1 where it is not healthy");
  auto flags = std::make_shared<Flags>();
  flags->config.add_to(command);
  command.choice("-o,--output", flags->output, {"text", "json"}, {"json: one object on a line"});
  command.flag("-w,--watch", flags->watch, "Show it again whenever it changes");
  command.flag("--verify", flags->verify,
               "If it is healthy, ask the service for an answer too, through a port-forward");
  command.does([flags] { return run_status(*flags); });
}

} // namespace hello::cli
