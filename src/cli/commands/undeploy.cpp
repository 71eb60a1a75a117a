#include <iostream>

#include <fmt/core.h>
#include <unistd.h>

#include "cli/commands/commands.h"
#include "cli/options/deploy_options.h"
#include "cli/view/events.h"
#include "cli/view/output.h"
#include "cli/view/paint.h"
#include "hello/file.h"
#include "hello/terminal.h"
#include "hello/undeploy.h"

namespace hello::cli {
namespace {

struct Flags {
  ConfigOptions config;
  std::string output = "text";
  bool yes = false, dry_run = false;
};

std::string text_of(const deploy::Removal &removal, const Paint &paint) {
  std::string out;
  const auto add = [&](const std::string &what) { out += "  " + paint(kRed, "- " + what) + "\n"; };
  for (const release::Found &found : removal.remove) add(found.id.text());
  if (!removal.history.empty())
    add(fmt::format("the history of {} releases", removal.history.size()));
  for (const release::Found &found : removal.namespaces) add(found.id.text());
  for (const release::Found &found : removal.stay)
    out += fmt::format("    {} stays: {}\n", found.id.text(), describe(found.ownership));
  return out.empty() ? "nothing to remove\n" : out;
}

/// Only a terminal can be asked.
bool agreed(const kube::Access &access) {
  if (!::isatty(STDIN_FILENO) || !::isatty(STDERR_FILENO))
    throw Error(Exit::usage, "stdin is not a terminal: pass --yes", "hello undeploy --yes");
  sys::write_all(STDERR_FILENO, fmt::format("Remove it from {}? [y/N] ", target(access)));
  std::string answer;
  const int fds[] = {STDIN_FILENO};
  sys::wait_readable(fds, sys::Clock::now() + std::chrono::hours(24));
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

int run_undeploy(const Flags &flags) {
  const config::Config config = flags.config.load();
  const sys::Interrupts interrupts("interrupted: what is removed stays removed",
                                   "the same hello undeploy again carries on from there");
  const auto cluster = connect(config);
  const auto emit = listener(flags.output, cluster->access());
  const deploy::Removal removal = deploy::plan_removal(*cluster);
  const std::string plan = text_of(removal, Paint{sys::has_colour(STDERR_FILENO)});
  sys::write_all(STDERR_FILENO, plan);
  if (removal.empty() || flags.dry_run) return 0;
  if (!flags.yes && !agreed(cluster->access())) {
    say("nothing was removed");
    return static_cast<int>(Exit::no);
  }
  deploy::undeploy(*cluster, removal, sys::Clock::now() + config.duration("timeout"), emit);
  return 0;
}

} // namespace

void add_undeploy(const Command &app) {
  const Command command =
      app.sub("undeploy", "Remove what was deployed, and nothing else, and wait until it is gone");
  auto flags = std::make_shared<Flags>();
  flags->config.add_to(command);
  command.choice("-o,--output", flags->output, {"text", "json"},
                 {"json: one event a line on stdout"});
  command.flag("--yes", flags->yes, "Do not ask; needed where there is no terminal");
  command.flag("--dry-run", flags->dry_run, "Show what would be removed, remove nothing");
  command.footer("The namespace goes only if hello made it and nothing of others is in it. The "
                 "history goes too.");
  command.does(
      [flags] { return with_error_events(flags->output, [&] { return run_undeploy(*flags); }); });
}

} // namespace hello::cli
