#include "hello/cli.h"

#include "cli/commands/commands.h"
#include "cli/view/output.h"

namespace hello::cli {
int run(int argc, char **argv) {
  guard_descriptors();
  const auto declare = [](const Command &command) {
    add_render(command);
    add_deploy(command);
    add_diff(command);
    add_history(command);
    add_rollback(command);
    add_status(command);
    add_logs(command);
    add_top(command);
    add_undeploy(command);
    add_config(command);
    add_init(command);
    add_lint(command);
    add_tail(command);
    add_serve(command);
    add_healthcheck(command);
    add_version(command);
  };
  return run_line(argc, argv, declare);
}

} // namespace hello::cli
