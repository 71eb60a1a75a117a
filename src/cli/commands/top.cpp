#include "cli/commands/commands.h"
#include "cli/options/deploy_options.h"
#include "cli/view/events.h"
#include "cli/view/output.h"
#include "cli/view/reports.h"
#include "hello/history.h"

namespace hello::cli {
namespace {

struct Flags {
  ConfigOptions config;
  std::string output = "text";
};

int run_top(const Flags &flags) {
  const config::Config config = flags.config.load();
  const sys::Interrupts interrupts("interrupted", "");
  const auto cluster = connect(config);
  const auto all = kube::read_usage(*cluster, std::string(release::kPods));
  if (all.empty()) say("no pods in " + target(cluster->access()));
  for (const kube::Usage &one : all)
    if (!one.cpu.used)
      say(one.pod + " is not measured yet; the metrics server does so every 15 s or so");
  if (flags.output == "json")
    print(json_of(all));
  else if (!all.empty())
    print(text_of(all));
  return 0;
}

} // namespace

void add_top(const Command &app) {
  const Command command = app.sub("top", "Show CPU and memory use against requests and limits");
  auto flags = std::make_shared<Flags>();
  flags->config.add_to(command);
  command.choice("-o,--output", flags->output, {"text", "json"}, {"json: cores and bytes"});
  command.does([flags] { return run_top(*flags); });
}

} // namespace hello::cli
