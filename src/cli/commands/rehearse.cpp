#include <fmt/core.h>

#include "cli/commands/rehearse.h"
#include "cli/options/deploy_options.h"
#include "cli/options/protected.h"
#include "cli/view/output.h"
#include "cli/view/rehearse.h"

namespace hello::cli {
namespace {

/// Tells what happens while it happens.
class Notes final : public rehearse::Listener {
public:
  explicit Notes(const Console &console) : console_(console) {}
  void happened(const rehearse::Mark &mark) override { console_.note(text_of(mark)); }

private:
  const Console &console_;
};

Exit exit_of(const rehearse::Report &report) {
  if (report.felt().failed > 0) return Exit::no;
  if (!report.incomplete.empty() || !report.saturated.empty()) return Exit::failure;
  return Exit::ok;
}

} // namespace

Exit run(const RehearseOptions &flags) {
  if (flags.exercise == "list") {
    if (flags.format == Format::text)
      print(exercises_text());
    else
      print_document(exercises_json(), flags.format);
    return Exit::ok;
  }
  const config::Config config = flags.config.load();
  const sys::Interrupts interrupts("interrupted",
                                   "the load is removed, and a fault ends by itself");
  const auto cluster = connect(config, flags.config, Purpose::change);
  const kube::Access &access = cluster->access();
  check_context(config, flags.yes_really, access.context);
  const rehearse::Plan plan =
      rehearse::plan(*cluster, *rehearse::exercise_of(flags.exercise), config.text("basePath"));
  const Console &console = flags.config.console;
  if (!plan.targets.empty() && plan.targets.size() >= plan.ready && !flags.yes &&
      !confirmed(console, "the only ready pod gets the fault. Begin?"))
    return Exit::no;
  console.note(fmt::format("{} on {} in {}, with {} requests a second from a Job to {}",
                           flags.exercise, access.release, access.ns, flags.options.rate,
                           plan.url));
  Notes notes(console);
  const rehearse::Report report = rehearse::run(*cluster, plan, flags.options, notes);
  if (flags.format == Format::text)
    print(text_of(report));
  else
    print_document(json_of(report, plan, flags.options, access), flags.format);
  return exit_of(report);
}

void declare(const Command &command, RehearseOptions &options) {
  command.section("Arguments");
  OptionSpec name{"exercise to run; list describes each", "NAME"};
  name.required = true;
  command.choice("NAME", options.exercise, "rolling-restart|failing-readiness|slow-pod|list", name);
  command.section();
  command.number("--rate", options.options.rate, 1, 200,
                 {"requests a second during the exercise", "NUMBER", nullptr, "20"});
  command.flag("--yes", options.yes, "agree to a fault on the only ready pod");
  command.text("--yes-really", options.yes_really,
               {"name of the context, if drills.protectedContexts protects it", "CONTEXT"});
  options.config.add_to(command, {.cluster = true});
  add_format(command, options.format, "text|json|yaml");
  command.details(
      "Runs a prepared exercise on a release while a Job in the cluster sends requests to its "
      "Service, and shows which requests failed or were slow. The exercises failing-readiness and "
      "slow-pod need drills.enabled. Exit code 1: requests failed; 6: they could not be measured.");
  command.example("hello rehearse rolling-restart", "what a restart of all pods costs users");
  command.example("hello rehearse list", "what each exercise does");
}

} // namespace hello::cli
