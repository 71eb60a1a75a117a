#include <fmt/core.h>
#include <unistd.h>

#include "cli/commands/commands.h"
#include "cli/view/events.h"
#include "cli/view/output.h"
#include "hello/owner.h"
#include "hello/prune.h"
#include "hello/releases.h"

namespace hello::cli {
namespace {

bool may_apply(kube::Cluster &cluster, const deploy::Set &set,
               const std::vector<release::Release> &history, const Console &console) {
  const std::string &ns = cluster.access().ns;
  std::string objects;
  for (const kube::Id &id : release::new_outside(cluster, set, history))
    objects += "  " + release::reference(id, ns) + "\n";
  if (objects.empty()) return true;
  tell(STDERR_FILENO,
       fmt::format("the revision has cluster-wide objects or objects outside namespace {} that the "
                   "running one does not have, or has with other values:\n{}",
                   ns, objects));
  return confirmed(console, "Apply them as recorded in the history?");
}

Exit roll_back(const RollbackOptions &flags) {
  if (!flags.may_adopt()) return Exit::no;
  const config::Config config = flags.config.load();
  deploy::Options options = flags.options(config);
  const sys::Interrupts interrupts(
      "interrupted: the cluster stays as it is",
      "run the same hello rollback again to continue; 'hello status' shows how far it got");
  const auto cluster = connect(config, flags.config, Purpose::change);
  const auto emit = listener(flags.format, flags.config.console, cluster->access());
  const auto releases = release::read_history(*cluster).take("read the history", cluster->access());
  if (releases.empty()) release::require_release(*cluster);
  const release::Release &release = release::rollback_target(releases, flags.revision);
  const deploy::Set set = release::read_set(*cluster, release);
  options.note = fmt::format("rollback to {}", release.revision);
  options.back = true;
  emit(deploy::event::Note{fmt::format("rolling back to revision {} of {}, image {}",
                                       release.revision, release.when, release.image),
                           release.revision});
  for (const kube::Id &id : release.objects)
    if (id.kind == "Secret")
      emit(deploy::event::Warning{id.text(), "not rolled back: the history keeps no Secrets. By "
                                             "hand: kubectl apply --server-side -f it"});
  emit(deploy::event::Tick{}); // nothing is expected of the cluster while a person reads
  if (!flags.yes && !flags.dry_run && !may_apply(*cluster, set, releases, flags.config.console))
    return Exit::no;
  return flags.carry_out(*cluster, set, options, emit);
}

} // namespace

Exit run(const RollbackOptions &options) {
  return with_error_events(options.format, [&] { return roll_back(options); });
}

void declare(const Command &command, RollbackOptions &options) {
  command.section("Arguments");
  OptionSpec revision{
      "revision from hello history; by default the last ready one before the current"};
  revision.completes = Completes::revision;
  command.number("REVISION", options.revision, 1, INT32_MAX, revision);
  command.section();
  options.add_to(command, {});
  command.details(
      "A rollback is a deploy like any other: it is planned, recorded and waited for, and "
      "rolled back if it fails.");
  command.example("hello rollback --context prod", "roll back to the previous revision");
  command.example("hello rollback 3", "roll back to revision 3");
}

} // namespace hello::cli
