#include <unistd.h>

#include <fmt/core.h>

#include "cli/commands/commands.h"
#include "cli/options/advice.h"
#include "cli/options/prometheus.h"
#include "cli/options/release_set.h"
#include "cli/view/events.h"
#include "cli/view/output.h"
#include "cli/view/patience.h"
#include "cli/view/reports.h"
#include "hello/mirror.h"
#include "hello/releases.h"
#include "hello/status.h"
#include "hello/terminal.h"

namespace hello::cli {
namespace {

enum class Screen { keep, clear };

Exit show(kube::Cluster &cluster, release::Pulse &pulse, const StatusOptions &flags,
          const std::optional<kube::Prometheus> &prometheus, Screen screen) {
  const deploy::Observation observed = deploy::observe(cluster, pulse);
  // While a watch goes on, a release may come.
  if (observed.empty() && !flags.watch) {
    suggest_namespace(cluster);
    release::require_release(cluster);
  }
  const auto now =
      std::chrono::time_point_cast<std::chrono::seconds>(std::chrono::system_clock::now());
  const deploy::Status status = deploy::status_of(observed, now);
  std::optional<std::vector<kube::Alert>> alerts;
  if (prometheus) alerts = asked([&] { return kube::firing_alerts(cluster, *prometheus); });
  if (flags.watch && flags.format == Format::yaml) print("---\n");
  const Paint paint = flags.config.console.paint(STDOUT_FILENO);
  if (flags.format == Format::text)
    print((screen == Screen::clear ? "\033[H\033[J" : "") +
          text_of(status, observed, cluster.access(), paint) +
          (alerts ? text_of(*alerts, paint) : ""));
  else
    print_document(json_of(status, observed, cluster.access(), alerts ? &*alerts : nullptr),
                   flags.format);
  return status.healthy() ? Exit::ok : Exit::no;
}

/// Keeps nothing: a change only triggers a new read.
class NoSink final : public kube::Sink {
public:
  void clear() override {}
  void put(const std::string &, const json::Value &) override {}
  void erase(const std::string &) override {}
};

/// Shows the status again after each change, at most twice a second, until it is interrupted or its
/// reader leaves.
void watch(kube::Cluster &cluster, const StatusOptions &flags,
           const std::optional<kube::Prometheus> &prometheus) {
  const bool terminal = sys::is_terminal(STDOUT_FILENO) && flags.format == Format::text;
  const auto collections = deploy::watched(cluster.access());
  NoSink sink;
  std::vector<kube::Source> sources;
  sources.reserve(collections.size());
  for (const kube::Collection &collection : collections) sources.push_back({collection, &sink});
  const auto mirror = cluster.watch(sources);
  release::Pulse pulse;
  for (;;) {
    show(cluster, pulse, flags, prometheus, terminal ? Screen::clear : Screen::keep);
    cluster.sleep(std::chrono::milliseconds(500));
    int seconds = terminal ? 10 : 3600; // to redraw the ages
    while (!reader_left() && !mirror->wait(cluster.now() + std::chrono::seconds(1)) &&
           --seconds > 0) {
    }
    if (reader_left()) return;
    for (std::size_t i = 0; i < sources.size(); ++i)
      if (const kube::Failure *refusal = mirror->refused(i);
          refusal && refusal->trouble == kube::Trouble::forbidden)
        throw kube::explain(*refusal, fmt::format("watch the {}s", collections[i].kind),
                            cluster.access());
  }
}

/// Whether the service answers, as a deploy asks it at its end.
bool answers(kube::Cluster &cluster, const config::Config &config, const StatusOptions &flags) {
  const deploy::Listener failed = [](const deploy::Event &event) {
    if (const EventText words = event_text(event); words.tone == EventText::Tone::failure)
      say(words.text);
  };
  // stdout holds exactly one document
  const deploy::Listener emit = flags.format == Format::text
                                    ? listener(flags.format, flags.config.console, cluster.access())
                                    : failed;
  deploy::Options options;
  flags.reach.apply_to(options);
  return deploy::report(cluster, set_of(manifest::render_all(config)), options, emit);
}

} // namespace

Exit run(const StatusOptions &flags) {
  if (flags.watch && flags.reach.given())
    throw Error(Exit::usage, "--reach and --watch cannot be combined: leave one of them out");
  if (flags.reach.given()) flags.reach.check();
  const config::Config config = flags.config.load();
  const sys::Interrupts interrupts("interrupted", "");
  const auto cluster = connect(config, flags.config, Purpose::read);
  const auto prometheus = prometheus_of(config);
  if (flags.watch) {
    release::require_release(*cluster);
    watch(*cluster, flags, prometheus);
    return Exit::ok;
  }
  release::Pulse pulse;
  Patience patience(flags.config.console, "the cluster to answer");
  const Exit code = show(*cluster, pulse, flags, prometheus, Screen::keep);
  patience.expect("");
  if (code != Exit::ok || !flags.reach.given()) return code;
  return answers(*cluster, config, flags) ? Exit::ok : Exit::no;
}

void declare(const Command &command, StatusOptions &options) {
  command.flag("-w,--watch", options.watch, "update the output whenever something changes");
  options.reach.add_to(command);
  options.config.add_to(command, {.cluster = true});
  add_format(command, options.format, "text|json|yaml");
  command.example("hello status --context prod", "see what runs, and why it is not healthy");
  command.example("hello status -w", "watch a rollout");
  command.example("hello status --reach forward", "send the service a request, too");
}

} // namespace hello::cli
