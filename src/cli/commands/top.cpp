#include "cli/commands/commands.h"
#include "cli/view/events.h"
#include "cli/view/output.h"
#include "cli/view/reports.h"
#include "hello/releases.h"

namespace hello::cli {

Exit run(const TopOptions &flags) {
  const config::Config config = flags.config.load();
  const sys::Interrupts interrupts("interrupted", "");
  const auto cluster = connect(config);
  const auto all = kube::read_usage(*cluster, names::pods_selector(cluster->access().release));
  if (all.empty()) release::require_release(*cluster);
  if (all.empty()) say("no pods in " + target(cluster->access()));
  for (const kube::Usage &one : all)
    if (!one.cpu.used)
      say(one.pod + " is not measured yet; the metrics server does so every 15 s or so");
  if (flags.format == Format::json)
    print(json_of(all));
  else if (!all.empty())
    print(text_of(all));
  return Exit::ok;
}

void declare(const Command &command, TopOptions &options) {
  options.config.add_to(command);
  command.choice("-o,--output", options.format, {"text", "json"}, {"json: cores and bytes"});
}

} // namespace hello::cli
