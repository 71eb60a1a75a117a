#include "hello/history.h"
#include "cli/commands/commands.h"
#include "cli/options/deploy_options.h"
#include "cli/options/release_set.h"
#include "cli/view/events.h"
#include "cli/view/output.h"
#include "cli/view/reports.h"

namespace hello::cli {
namespace {

struct Flags {
  ConfigOptions config;
  std::string output = "text";
  std::optional<int> revision;
};

int run_history(const Flags &flags) {
  const config::Config config = flags.config.load();
  const sys::Interrupts interrupts("interrupted", "");
  const auto cluster = connect(config);
  const auto releases = release::read_history(*cluster).take("read the history", cluster->access());
  if (flags.revision) {
    const release::Release &asked = release::rollback_target(releases, flags.revision);
    print(manifest::to_yaml(objects_of(release::read_set(*cluster, asked))));
    return 0;
  }
  if (releases.empty())
    say("no releases in " + target(cluster->access()) +
        ": the history begins with the next hello deploy");
  if (flags.output == "json")
    print(json_of(releases));
  else if (!releases.empty())
    print(text_of(releases));
  return 0;
}

} // namespace

void add_history(const Command &app) {
  const Command command =
      app.sub("history", "List the last releases, or print the manifests of one");
  auto flags = std::make_shared<Flags>();
  flags->config.add_to(command);
  command.number("REVISION", flags->revision, 1, INT32_MAX,
                 {"Print this release's whole set", "N"});
  command.choice("-o,--output", flags->output, {"text", "json"}, {"How to print the list"});
  command.footer(
      "Kept in the namespace, the last 10, as ControllerRevisions hello-release-N. States: pending "
      "(a deploy is under\n"
      "way, or was killed), ready, failed, rolled-back, superseded (another deploy came first).");
  command.does([flags] { return run_history(*flags); });
}

} // namespace hello::cli
