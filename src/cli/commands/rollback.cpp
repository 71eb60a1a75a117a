#include <fmt/core.h>

#include "cli/commands/commands.h"
#include "cli/options/deploy_options.h"

namespace hello::cli {
namespace {

struct Flags : RolloutOptions {
  std::optional<int> revision;
};

int run_rollback(const Flags &flags) {
  const config::Config config = flags.config.load();
  deploy::Options options = flags.options(config);
  const sys::Interrupts interrupts(
      "interrupted: the cluster stays as it is",
      "the same hello rollback again carries on from there; hello status shows how far it is");
  const auto cluster = connect(config);
  const auto emit = listener(flags.output, cluster->access());
  const auto releases = release::read_history(*cluster).take("read the history", cluster->access());
  const release::Release &release = release::rollback_target(releases, flags.revision);
  const deploy::Set set = release::read_set(*cluster, release);
  options.note = fmt::format("rollback to {}", release.revision);
  emit(deploy::event::Note{fmt::format("back to release {} of {}, image {}", release.revision,
                                       release.when, release.image),
                           release.revision});
  return flags.carry_out(*cluster, set, options, emit);
}

} // namespace

void add_rollback(const Command &app) {
  const Command command =
      app.sub("rollback", "Bring an earlier release back, whole, and wait until it works");
  auto flags = std::make_shared<Flags>();
  command.number(
      "REVISION", flags->revision, 1, INT32_MAX,
      {"As hello history lists it; without it the last ready one before what runs", "N"});
  flags->add_to(command, false);
  command.footer("It is a release like any other: planned, written down, waited for, and taken "
                 "back itself if it fails.");
  command.does(
      [flags] { return with_error_events(flags->output, [&] { return run_rollback(*flags); }); });
}

} // namespace hello::cli
