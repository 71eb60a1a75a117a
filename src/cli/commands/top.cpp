#include <unistd.h>

#include "cli/commands/commands.h"
#include "cli/options/advice.h"
#include "cli/options/prometheus.h"
#include "cli/view/events.h"
#include "cli/view/output.h"
#include "cli/view/patience.h"
#include "cli/view/reports.h"
#include "hello/releases.h"
#include "hello/terminal.h"

namespace hello::cli {
namespace {

using namespace std::chrono_literals;

kube::RatesByPod rates(kube::Cluster &cluster, const std::optional<kube::Prometheus> &prometheus,
                       kube::RateSampler &sampler, const std::vector<kube::Usage> &pods) {
  if (prometheus)
    return asked([&] { return kube::read_rates(cluster, *prometheus); })
        .value_or(kube::RatesByPod());
  std::vector<std::string> names;
  names.reserve(pods.size());
  for (const kube::Usage &pod : pods) names.push_back(pod.pod);
  return sampler.sample(names);
}

std::vector<kube::Usage> usage(kube::Cluster &cluster, const Console &console) {
  const Patience patience(console, "the cluster to answer");
  return kube::read_usage(cluster, names::pods_selector(cluster.access().release));
}

void show(const TopOptions &flags, const std::vector<kube::Usage> &all,
          const kube::RatesByPod &by_pod) {
  if (flags.format != Format::text) return print_document(json_of(all, by_pod), flags.format);
  const bool clear = flags.watch && sys::is_terminal(STDOUT_FILENO);
  print((clear ? "\033[H\033[J" : "") + text_of(all, by_pod));
}

} // namespace

Exit run(const TopOptions &flags) {
  const config::Config config = flags.config.load();
  const sys::Interrupts interrupts("interrupted", "");
  const auto cluster = connect(config, flags.config, Purpose::read);
  const auto prometheus = prometheus_of(config);
  kube::RateSampler sampler(*cluster);
  for (;;) {
    const auto all = usage(*cluster, flags.config.console);
    if (all.empty() && !flags.watch) {
      suggest_namespace(*cluster);
      release::require_release(*cluster);
      flags.config.console.note("no pods in " + target(cluster->access()));
    }
    for (const kube::Usage &one : all)
      if (!one.cpu.used && !flags.watch)
        say(one.pod + " has no metrics yet; the metrics server collects them about every 15 s");
    const kube::RatesByPod by_pod = rates(*cluster, prometheus, sampler, all);
    if (flags.watch && flags.format == Format::yaml) print("---\n");
    if (!all.empty() || flags.format != Format::text) show(flags, all, by_pod);
    if (!flags.watch || reader_left()) return Exit::ok;
    cluster->sleep(prometheus ? 15s : 2s);
  }
}

void declare(const Command &command, TopOptions &options) {
  command.flag("-w,--watch", options.watch, "update the output until it is interrupted");
  options.config.add_to(command, {.cluster = true});
  add_format(command, options.format, "text|json|yaml",
             "output format (json and yaml: in cores, bytes and seconds)");
  command.details(
      "Requests for the page, errors (5xx), and the times within which half and 99 % of "
      "the requests are answered come from the Prometheus that the setting "
      "monitoring.prometheus names, for the last 5 minutes. Without this setting, hello "
      "asks at most 20 pods through port-forwards, and measures for 2 seconds.");
  command.example("hello top --context prod", "show CPU, memory and requests of each pod");
  command.example("hello top -w", "update until Ctrl-C");
}

} // namespace hello::cli
