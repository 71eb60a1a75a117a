#include <fmt/core.h>
#include <unistd.h>

#include "cli/commands/commands.h"
#include "cli/view/counted.h"
#include "cli/view/events.h"
#include "cli/view/output.h"
#include "cli/view/paint.h"
#include "hello/undeploy.h"

namespace hello::cli {
namespace {

std::string text_of(const deploy::Removal &removal, const kube::Access &access,
                    const Paint &paint) {
  std::string out;
  const auto add = [&](const std::string &what) { out += "  " + paint(kRed, "- " + what) + "\n"; };
  for (const release::Found &found : removal.remove) add(found.id.text());
  if (!removal.history.empty())
    add("the history of " + counted(removal.history.size(), "revision"));
  for (const release::Found &found : removal.namespaces) add(found.id.text());
  for (const release::Found &found : removal.stay)
    out += fmt::format("    {} stays: {}\n", found.id.text(), release::why_kept(found, access));
  return out.empty() ? "nothing to remove\n" : out;
}

Exit remove_all(const UndeployOptions &flags) {
  const config::Config config = flags.config.load();
  const sys::Interrupts interrupts("interrupted: objects removed so far stay removed",
                                   "run the same hello undeploy again to continue");
  const Console &console = flags.config.console;
  const auto cluster = connect(config, flags.config, Purpose::change);
  const auto emit = listener(flags.format, console, cluster->access());
  const deploy::Removal removal = deploy::plan_removal(*cluster);
  const std::string plan = text_of(removal, cluster->access(), console.paint(STDERR_FILENO));
  if (!console.quiet || !flags.yes) tell(STDERR_FILENO, plan);
  if (flags.dry_run) return Exit::ok;
  if (removal.empty() && removal.noted) // by a deploy that was killed at its beginning
    deploy::undeploy(*cluster, removal, sys::Clock::now() + config.duration("timeout"), emit);
  if (removal.empty()) return Exit::ok;
  emit(deploy::event::Tick{}); // nothing is expected of the cluster while a person reads
  if (!flags.yes &&
      !confirmed(console, fmt::format("Remove it from {}?", target(cluster->access()))))
    return Exit::no;
  deploy::undeploy(*cluster, removal, sys::Clock::now() + config.duration("timeout"), emit);
  console.note(fmt::format("removed {} from {}; 'hello deploy' brings it back",
                           counted(removal.remove.size() + removal.namespaces.size(), "object"),
                           target(cluster->access())));
  return Exit::ok;
}

} // namespace

Exit run(const UndeployOptions &options) {
  return with_error_events(options.format, [&] { return remove_all(options); });
}

void declare(const Command &command, UndeployOptions &options) {
  command.flag("--dry-run", options.dry_run, "show what would be removed, remove nothing");
  command.flag("--yes", options.yes, "do not ask for confirmation; required without a terminal");
  options.config.add_to(command, {.cluster = true, .timeout = true});
  add_format(command, options.format, "text|json", "output format (json: one event per line)");
  command.details(
      "The history is removed too. The namespace is removed only if hello created it and "
      "nothing else is in it.");
  command.example("hello undeploy --dry-run", "show what would be removed");
  command.example("hello undeploy --context dev --yes", "remove it without confirmation");
}

} // namespace hello::cli
