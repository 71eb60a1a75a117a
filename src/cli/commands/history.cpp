#include "cli/commands/commands.h"
#include "cli/options/release_set.h"
#include "cli/view/events.h"
#include "cli/view/output.h"
#include "cli/view/reports.h"
#include "hello/releases.h"

namespace hello::cli {

Exit run(const HistoryOptions &flags) {
  const config::Config config = flags.config.load();
  const sys::Interrupts interrupts("interrupted", "");
  const auto cluster = connect(config);
  const auto releases = release::read_history(*cluster).take("read the history", cluster->access());
  if (releases.empty()) release::require_release(*cluster);
  if (flags.revision) {
    const release::Release &asked = release::rollback_target(releases, flags.revision);
    print(manifest::to_yaml(objects_of(release::read_set(*cluster, asked))));
    return Exit::ok;
  }
  if (releases.empty())
    say("no releases in " + target(cluster->access()) +
        ": the history begins with the next hello deploy");
  if (flags.format == Format::json)
    print(json_of(releases));
  else if (!releases.empty())
    print(text_of(releases));
  return Exit::ok;
}

void declare(const Command &command, HistoryOptions &options) {
  options.config.add_to(command);
  command.number("REVISION", options.revision, 1, INT32_MAX,
                 {"Print this release's whole set", "N"});
  command.choice("-o,--output", options.format, {"text", "json"}, {"How to print the list"});
  command.footer(
      "Kept in the namespace, the last 10, as ControllerRevisions NAME-release-N. States: pending "
      "(a deploy is under\n"
      "way, or was killed), ready, failed, rolled-back, superseded (another deploy came first).");
}

} // namespace hello::cli
