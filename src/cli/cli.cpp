#include "hello/cli.h"

#include "cli/commands.h"
#include "cli/output.h"
#include "hello/error.h"

namespace hello::cli {

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
    return app.exit(error) == 0 ? static_cast<int>(Exit::ok) : static_cast<int>(Exit::usage);
  }
  return run();
}

} // namespace hello::cli
