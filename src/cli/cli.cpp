#include "hello/cli.h"

#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <unistd.h>

#include "cli/commands/commands.h"
#include "cli/commands/rehearse.h"
#include "cli/options/parse.h"
#include "cli/view/output.h"
#include "hello/check_client.h"

namespace hello::cli {
namespace {

template <typename Options>
void add(const Command &app, std::string_view name, std::string_view summary) {
  const auto options = std::make_shared<Options>();
  const Command command = app.subcommand(name, summary);
  declare(command, *options);
  command.action([options] { return run(*options); });
}

/// Removes a byte order mark and a final newline, as files leave them, from HELLO_ variables. The
/// text of HELLO_MESSAGES is kept byte for byte.
void tidy_environment() {
  std::vector<std::pair<std::string, std::string>> changed;
  for (char **variable = environ; *variable; ++variable) {
    const std::string_view text = *variable;
    const std::size_t equals = text.find('=');
    const std::string_view name = text.substr(0, equals);
    if (equals == text.npos || !name.starts_with("HELLO_") || name == "HELLO_MESSAGES") continue;
    std::string_view value = text.substr(equals + 1);
    if (value.starts_with("\xEF\xBB\xBF")) value.remove_prefix(3);
    if (value.ends_with('\n')) value.remove_suffix(value.ends_with("\r\n") ? 2 : 1);
    if (value.size() + equals + 1 != text.size()) changed.emplace_back(name, value);
  }
  for (const auto &[name, value] : changed) ::setenv(name.c_str(), value.c_str(), 1);
}

} // namespace

void declare_all(const Command &app) {
  app.details(
      "Settings come from flags, HELLO_* variables, the context's overlay and hello.yaml, in "
      "this order of precedence. 'hello config' shows where each value comes from.");
  app.example("hello serve --messages 'Good morning'", "run the service here");
  app.example("hello deploy --context dev", "run it on Kubernetes");
  app.example("hello status --context dev", "see what runs, and what is wrong");
  app.section("Deploy");
  add<InitOptions>(app, "init", "Write a commented hello.yaml to start from");
  add<DiffOptions>(app, "diff", "Show what a deploy would change in the cluster");
  add<DeployOptions>(app, "deploy", "Apply the manifests and wait for the rollout");
  add<HistoryOptions>(app, "history", "List a release's revisions, or print the manifests of one");
  add<RollbackOptions>(app, "rollback",
                       "Roll back to an earlier revision and wait for the rollout");
  add<UndeployOptions>(app, "undeploy", "Remove everything that the release deployed");
  app.section("Watch");
  add<ListOptions>(app, "list", "List the releases in a namespace");
  add<StatusOptions>(app, "status", "Show what runs and its health; exit 0 if healthy, 1 if not");
  add<LogsOptions>(app, "logs", "Print the logs of all pods");
  add<DashboardOptions>(app, "dashboard", "Show the live page of one pod in a browser");
  add<TopOptions>(app, "top", "Show CPU and memory use against requests and limits");
  add<CheckOptions>(app, "check", "Test whether a normal service would work on the cluster");
  app.section("Manifests");
  add<RenderOptions>(app, "render", "Print the manifests that deploy would apply");
  add<LintOptions>(app, "lint", "Check the manifests against the built-in rules");
  add<ShowConfigOptions>(app, "config", "Show each setting's effective value and its origin");
  app.section("Service");
  add<server::Options>(app, "serve", "Run the web service");
  add<HealthcheckOptions>(app, "healthcheck",
                          "Probe a running service; exit 0 if healthy, 1 if not");
  add<LoadOptions>(app, "load", "Send requests at a fixed rate and measure the latency");
  add<DrillOptions>(app, "drill", "Make a service fail on purpose, for a limited time");
  add<RehearseOptions>(app, "rehearse", "Run a prepared exercise on a release under load");
  add<TailOptions>(app, "tail", "Copy a growing log file to stdout, across its rotations");
  app.section("Other");
  add<CompletionOptions>(app, "completion", "Print the completion script for a shell");
  add<HelpOptions>(app, "help", "Print the help for a command");
  add<VersionOptions>(app, "version", "Print version and build information");
}

int run(int argc, char **argv) {
  guard_descriptors();
  tidy_environment();
  // Only for pods of `hello check`: help and completion leave it out.
  if (argc > 3 && std::string_view(argv[1]) == "check-client") {
    check::run_client({argv[2], {argv + 3, argv + argc}}, STDOUT_FILENO);
    return 0;
  }
  return static_cast<int>(parse(argc, argv, declare_all)());
}

} // namespace hello::cli
