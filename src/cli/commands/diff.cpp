#include <ctime>

#include <fmt/core.h>

#include "cli/commands/commands.h"
#include "cli/options/release_set.h"
#include "cli/view/events.h"
#include "cli/view/output.h"
#include "cli/view/patience.h"
#include "hello/file.h"
#include "hello/saved_plan.h"
#include "hello/text.h"

namespace hello::cli {

Exit run(const DiffOptions &flags) {
  if (flags.save && (flags.save->empty() || flags.save == "-"))
    throw Error(Exit::usage, fmt::format("--save '{}': name a file", *flags.save),
                "stdout shows the differences");
  const config::Config config = flags.config.load();
  const deploy::Options options = flags.options(config);
  const auto [set, last_warning] = linted_set(config, flags.allow, serve_mistake);
  const sys::Interrupts interrupts("interrupted: nothing was changed", "");
  const auto cluster = connect(config, flags.config, Purpose::read);
  cluster->set_limit(cluster->now() + options.timeout);
  flags.config.console.note(target(cluster->access()));
  Patience patience(flags.config.console, "the cluster to answer");
  const deploy::Plan plan = deploy::make_plan(*cluster, set, options);
  patience.expect("");
  print_plan(plan, flags.format, flags.config.console);
  if (!last_warning.empty()) say(last_warning);
  if (flags.save) {
    sys::write_file(*flags.save,
                    deploy::save_plan(*cluster, set, plan, text::utc(std::time(nullptr))));
    flags.config.console.note(
        fmt::format("wrote the plan to {0}; hello deploy --plan {0} applies it", *flags.save));
  }
  return flags.exit_code && !plan.empty() ? Exit::no : Exit::ok;
}

void declare(const Command &command, DiffOptions &options) {
  command.flag("--exit-code", options.exit_code, "exit 1 if there are differences");
  OptionSpec save{"file to write the plan to, for 'hello deploy --plan'", "FILE"};
  save.completes = Completes::file;
  command.text("--save", options.save, save);
  options.add_to(command, {.image = true}, "text|json|yaml");
  command.example("hello diff --context prod", "show what a deploy would change");
  command.example("hello diff --exit-code -q", "exit 1 if anything differs");
}

} // namespace hello::cli
