#include "hello/cli.h"

#include <memory>

#include "cli/commands/commands.h"
#include "cli/view/output.h"

namespace hello::cli {
namespace {

template <typename Options> void add(const Command &app, const char *name, const char *help) {
  const auto options = std::make_shared<Options>();
  const Command command = app.subcommand(name, help);
  declare(command, *options);
  command.action([options] { return run(*options); });
}

} // namespace

void declare_all(const Command &app) {
  add<RenderOptions>(app, "render", "Print the manifests that deploy would apply, in apply order");
  add<DeployOptions>(app, "deploy",
                     "Bring the manifests onto the cluster, and wait until they work");
  add<DiffOptions>(app, "diff", "Show what a deploy would change, by the server's own dry run");
  add<HistoryOptions>(app, "history", "List the last releases, or print the manifests of one");
  add<ListOptions>(app, "list", "List the releases of the namespace");
  add<RollbackOptions>(app, "rollback",
                       "Bring an earlier release back, whole, and wait until it works");
  add<StatusOptions>(app, "status",
                     "Show what runs, how it is, and why; exit code 1 where it is not healthy");
  add<LogsOptions>(app, "logs", "Show the log lines of all pods, each after its pod's name");
  add<TopOptions>(app, "top", "Show CPU and memory use against requests and limits");
  add<UndeployOptions>(app, "undeploy",
                       "Remove what was deployed, and nothing else, and wait until it is gone");
  add<ShowConfigOptions>(app, "config",
                         "Show every setting's effective value and where it comes from");
  add<InitOptions>(app, "init", "Write a commented hello.yaml to begin with");
  add<LintOptions>(app, "lint",
                   "Check the manifests, patches included, against the built-in rules");
  add<sys::Follow>(app, "tail",
                   "Copy a log file to stdout as it grows, across its rotations: the streaming "
                   "sidecar");
  add<server::Options>(app, "serve", "Run the web service");
  add<HealthcheckOptions>(app, "healthcheck",
                          "Probe a running service; exit 0 if healthy, 1 if not");
  add<VersionOptions>(app, "version", "Print version and build information");
}

int run(int argc, char **argv) {
  guard_descriptors();
  return static_cast<int>(parse(argc, argv, declare_all)());
}

} // namespace hello::cli
