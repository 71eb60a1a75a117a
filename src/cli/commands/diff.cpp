#include "cli/commands/commands.h"
#include "cli/options/release_set.h"
#include "cli/view/events.h"
#include "cli/view/output.h"

namespace hello::cli {

Exit run(const DiffOptions &flags) {
  const config::Config config = flags.config.load();
  const deploy::Options options = flags.options(config);
  const deploy::Set set = linted_set(config, flags.allow);
  const sys::Interrupts interrupts("interrupted: nothing was changed", "");
  const auto cluster = connect(config);
  say(target(cluster->access()));
  const deploy::Plan plan = deploy::make_plan(*cluster, set, options);
  print_plan(plan, flags.format);
  return flags.exit_code && !plan.empty() ? Exit::no : Exit::ok;
}

void declare(const Command &command, DiffOptions &options) {
  options.add_to(command);
  command.flag("--exit-code", options.exit_code, "Exit with 1 if there is a difference");
}

} // namespace hello::cli
