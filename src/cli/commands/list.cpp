#include "cli/commands/commands.h"
#include "cli/view/events.h"
#include "cli/view/output.h"
#include "cli/view/reports.h"
#include "hello/releases.h"

namespace hello::cli {

Exit run(const ListOptions &flags) {
  const config::Config config = flags.config.load();
  const sys::Interrupts interrupts("interrupted", "");
  const auto cluster = connect(config);
  const kube::Access &access = cluster->access();
  const auto all = release::list_releases(*cluster, flags.all ? "" : access.ns)
                       .take("list the releases", access);
  if (flags.format == Format::json) {
    print(json_of(all));
    return Exit::ok;
  }
  if (all.empty())
    say("no releases in " + (flags.all ? "any namespace" : place(access)));
  else
    print(text_of(
        all, std::chrono::time_point_cast<std::chrono::seconds>(std::chrono::system_clock::now())));
  return Exit::ok;
}

void declare(const Command &command, ListOptions &options) {
  options.config.add_to(command);
  command.flag("-A,--all-namespaces", options.all, "List those of all namespaces");
  command.choice("-o,--output", options.format, {"text", "json"}, {"json: one array"});
}

} // namespace hello::cli
