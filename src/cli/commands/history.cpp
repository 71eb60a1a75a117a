#include "cli/commands/commands.h"
#include "cli/options/advice.h"
#include "cli/options/release_set.h"
#include "cli/view/events.h"
#include "cli/view/output.h"
#include "cli/view/patience.h"
#include "cli/view/reports.h"
#include "hello/lock.h"
#include "hello/releases.h"

namespace hello::cli {

Exit run(const HistoryOptions &flags) {
  const config::Config config = flags.config.load();
  const sys::Interrupts interrupts("interrupted", "");
  const auto cluster = connect(config, flags.config, Purpose::read);
  const Patience patience(flags.config.console, "the cluster to answer");
  auto releases = release::read_history(*cluster).take("read the history", cluster->access());
  if (releases.empty()) suggest_namespace(*cluster);
  if (releases.empty()) release::require_release(*cluster);
  if (flags.revision) {
    const release::Release &asked = release::find_revision(releases, *flags.revision);
    const auto objects = objects_of(release::read_set(*cluster, asked));
    print(flags.format == Format::json ? manifest::to_json(objects) : manifest::to_yaml(objects));
    return Exit::ok;
  }
  if (releases.empty())
    flags.config.console.note("no releases in " + target(cluster->access()) +
                              ": the next hello deploy starts the history");
  release::Pulse().set_status(*cluster, cluster->access(), releases);
  if (flags.format != Format::text)
    print_document(json_of(releases), flags.format);
  else if (!releases.empty())
    print(text_of(releases));
  return Exit::ok;
}

void declare(const Command &command, HistoryOptions &options) {
  command.section("Arguments");
  OptionSpec revision{"revision whose manifests to print"};
  revision.completes = Completes::revision;
  command.number("REVISION", options.revision, 1, INT32_MAX, revision);
  command.section();
  options.config.add_to(command, {.cluster = true});
  add_format(command, options.format, "text|json|yaml");
  command.details(
      "Revisions are stored in the namespace as ControllerRevisions NAME-release-N: the last 10 "
      "that were ready, and the last 10 others. Status: deployed, superseded (was ready once), "
      "failed, interrupted (killed, or overtaken by another deploy), pending (in progress).");
  command.example("hello history --context prod", "list the revisions");
  command.example("hello history 3 > release-3.yaml", "save the manifests of one");
}

} // namespace hello::cli
