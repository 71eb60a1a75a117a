#include <fmt/core.h>

#include "cli/commands.h"
#include "cli/deploy_options.h"
#include "cli/output.h"
#include "hello/progress.h"
#include "hello/terminal.h"

namespace hello::cli {
namespace {

struct Flags {
  DeployOptions deploy;
  std::optional<int> revision;
  bool dry_run = false, no_rollback = false, no_verify = false;
};

int run_rollback(const Flags &flags) {
  const config::Config config = flags.deploy.config.load();
  deploy::Options options = flags.deploy.options(config);
  options.rollback = !flags.no_rollback;
  options.verify = !flags.no_verify;
  const sys::Interrupts interrupts(
      "interrupted: the cluster stays as it is",
      "the same hello rollback again carries on from there; hello status shows how far it is");
  const auto cluster = connect(config);
  const auto view = flags.deploy.output == "json" ? progress::json_view() : progress::text_view();
  const auto tell = [&](const deploy::Event &event) { view->tell(event); };
  tell({"target",
        "",
        target(cluster->access()),
        {{"context", cluster->access().context}, {"namespace", cluster->access().ns}}});
  const deploy::History history = deploy::read_history(*cluster);
  if (!history.refusal.ok()) throw kube::explain(history.refusal, "read the history", cluster->access());
  const deploy::Release &release = deploy::rollback_target(history.releases, flags.revision);
  const deploy::Set set = deploy::read_set(*cluster, release);
  options.note = fmt::format("rollback to {}", release.revision);
  tell({"note",
        "",
        fmt::format("back to release {} of {}, image {}", release.revision, release.when, release.image),
        {{"revision", std::to_string(release.revision)}}});
  if (flags.dry_run) {
    const deploy::Plan plan = deploy::make_plan(*cluster, set, options);
    print(flags.deploy.output == "json" ? progress::json_of(plan) + "\n" : progress::text_of(plan, sys::has_colour(1)));
    return 0;
  }
  return static_cast<int>(deploy::run(*cluster, set, options, tell));
}

} // namespace

void add_rollback(const Command &app) {
  const Command command = app.sub("rollback", "Bring an earlier release back, whole, and wait until it works");
  auto flags = std::make_shared<Flags>();
  command.number("REVISION", flags->revision, 1, INT32_MAX,
                 {"As hello history lists it; without it the last ready one before what runs", "N"});
  flags->deploy.add_to(command, false);
  command.flag("--dry-run", flags->dry_run, "Show the plan, change nothing");
  command.flag("--no-rollback", flags->no_rollback, "Leave it as it is if it fails");
  command.flag("--no-verify", flags->no_verify, "Do not ask the service for an answer at the end");
  command.footer(
      "It is a release like any other: planned, written down, waited for, and taken back itself if it fails.");
  command.does([flags] { return run_rollback(*flags); });
}

} // namespace hello::cli
