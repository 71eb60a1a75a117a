#include "hello/cli.h"

#include "cli/commands.h"
#include "cli/output.h"
#include "hello/error.h"

namespace hello::cli {
namespace {

/// A wrong command line, in the words of all our errors. CLI11 says only "A subcommand is required" of a misspelt one.
Error usage(const CLI::App &app, const CLI::ParseError &error) {
  std::string command = "hello";
  const CLI::App *chosen = &app;
  while (!chosen->get_subcommands().empty()) {
    chosen = chosen->get_subcommands().front();
    command += " " + chosen->get_name();
  }
  const std::vector<std::string> rest = app.remaining();
  const bool misspelt = chosen == &app && !rest.empty();
  return Error(Exit::usage, misspelt ? "there is no command '" + rest.front() + "'" : error.what(),
               command + " --help says more");
}

} // namespace

int run(int argc, char **argv) {
  guard_descriptors();
  CLI::App app{"A small web service that shows a message, and the tool that puts it on Kubernetes.", "hello"};
  app.require_subcommand(1);
  app.footer("Exit codes: 0 ok; 1 the answer is no (unhealthy, drift, findings); 2 usage; 3 configuration or template\n"
             "invalid; 4 cluster unreachable or refused; 5 rollout failed; 6 any other failure; 130, 143 interrupted.");
  Run run;
  add_render(app, run);
  add_deploy(app, run);
  add_diff(app, run);
  add_history(app, run);
  add_rollback(app, run);
  add_status(app, run);
  add_logs(app, run);
  add_top(app, run);
  add_undeploy(app, run);
  add_config(app, run);
  add_init(app, run);
  add_lint(app, run);
  add_tail(app, run);
  add_serve(app, run);
  add_healthcheck(app, run);
  add_version(app, run);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &error) {
    if (error.get_exit_code() != 0) throw usage(app, error);
    return app.exit(error); // the help that was asked for
  }
  return run();
}

} // namespace hello::cli
