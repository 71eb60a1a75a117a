#include <memory>

#include "cli/commands/commands.h"
#include "cli/options/deploy_options.h"
#include "cli/view/events.h"
#include "cli/view/output.h"

namespace hello::cli {

void add_diff(const Command &app) {
  const Command command =
      app.sub("diff", "Show what a deploy would change, by the server's own dry run");
  auto flags = std::make_shared<DeployOptions>();
  auto exit_code = std::make_shared<bool>(false);
  flags->add_to(command, false);
  command.flag("--exit-code", *exit_code, "Exit with 1 if there is a difference");
  command.does([flags, exit_code] {
    const config::Config config = flags->config.load();
    const deploy::Options options = flags->options(config);
    const deploy::Set set = linted_set(config, flags->allow);
    const sys::Interrupts interrupts("interrupted: nothing was changed", "");
    const auto cluster = connect(config);
    say(target(cluster->access()));
    const deploy::Plan plan = deploy::make_plan(*cluster, set, options);
    show(plan, flags->output);
    return *exit_code && !plan.empty() ? static_cast<int>(Exit::no) : 0;
  });
}

} // namespace hello::cli
