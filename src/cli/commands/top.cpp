#include "cli/commands/commands.h"
#include "cli/options/advice.h"
#include "cli/view/events.h"
#include "cli/view/output.h"
#include "cli/view/reports.h"
#include "hello/releases.h"

namespace hello::cli {

Exit run(const TopOptions &flags) {
  const config::Config config = flags.config.load();
  const sys::Interrupts interrupts("interrupted", "");
  const auto cluster = connect(config, flags.config, Purpose::read);
  const auto all = kube::read_usage(*cluster, names::pods_selector(cluster->access().release));
  if (all.empty()) {
    suggest_namespace(*cluster);
    release::require_release(*cluster);
    flags.config.console.note("no pods in " + target(cluster->access()));
  }
  for (const kube::Usage &one : all)
    if (!one.cpu.used)
      say(one.pod + " has no metrics yet; the metrics server collects them about every 15 s");
  if (flags.format != Format::text)
    print_document(json_of(all), flags.format);
  else if (!all.empty())
    print(text_of(all));
  return Exit::ok;
}

void declare(const Command &command, TopOptions &options) {
  options.config.add_to(command, {.cluster = true});
  add_format(command, options.format, "text|json|yaml",
             "output format (json and yaml: in cores and bytes)");
  command.example("hello top --context prod", "show CPU and memory of each pod");
}

} // namespace hello::cli
