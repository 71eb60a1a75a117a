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
  const auto cluster = connect(config, flags.config, Purpose::read);
  flags.config.console.note(target(cluster->access()));
  const deploy::Plan plan = deploy::make_plan(*cluster, set, options);
  print_plan(plan, flags.format, flags.config.console);
  return flags.exit_code && !plan.empty() ? Exit::no : Exit::ok;
}

void declare(const Command &command, DiffOptions &options) {
  command.flag("--exit-code", options.exit_code, "exit 1 if there are differences");
  options.add_to(command, {.image = true}, "text|json|yaml");
  command.example("hello diff --context prod", "show what a deploy would change");
  command.example("hello diff --exit-code -q", "exit 1 if anything differs");
}

} // namespace hello::cli
