#include "cli/commands/commands.h"
#include "cli/options/release_set.h"
#include "cli/view/events.h"
#include "cli/view/output.h"
#include "cli/view/reports.h"
#include "hello/lock.h"
#include "hello/releases.h"

namespace hello::cli {

Exit run(const HistoryOptions &flags) {
  const config::Config config = flags.config.load();
  const sys::Interrupts interrupts("interrupted", "");
  const auto cluster = connect(config);
  auto releases = release::read_history(*cluster).take("read the history", cluster->access());
  if (releases.empty()) release::require_release(*cluster);
  if (flags.revision) {
    const release::Release &asked = release::find_revision(releases, *flags.revision);
    print(manifest::to_yaml(objects_of(release::read_set(*cluster, asked))));
    return Exit::ok;
  }
  if (releases.empty())
    say("no releases in " + target(cluster->access()) +
        ": the history begins with the next hello deploy");
  release::set_status(releases, release::is_at_work(*cluster));
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
      "Kept in the namespace as ControllerRevisions NAME-release-N: the last 10 that were ready, "
      "and the last 10 others.\n"
      "Status: deployed, superseded (ready once), failed, interrupted (it was killed, or another "
      "deploy came first), pending\n"
      "(a deploy is at work).");
}

} // namespace hello::cli
