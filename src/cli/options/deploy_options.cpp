#include "cli/options/deploy_options.h"

#include "cli/view/events.h"

namespace hello::cli {

void PlanOptions::add_to(const Command &command, ContextFlag context_flag) {
  config.add_to(command, context_flag);
  command.choice("-o,--output", format, {"text", "json"}, {"json: one event a line on stdout"});
  command.flag("--force-conflicts", force_conflicts, "Take fields that other managers hold");
  command.list("--adopt", adopt,
               {"An object of others to take over, KIND[.GROUP]/[NAMESPACE/]NAME, or all of the "
                "namespace; may be repeated",
                "OBJECT"});
  command.list("--allow", allow, {"A lint rule that may be broken; may be given again", "RULE"});
  command.list("kubectl", kubectl_args, {"After --: flags for kubectl apply", "-- FLAGS"});
}

deploy::Options PlanOptions::options(const config::Config &config) const {
  if (!kubectl_args.empty() && !kubectl_args[0].starts_with("-"))
    throw Error(Exit::usage, "unexpected word: " + kubectl_args[0],
                "flags for kubectl apply stand after --; a context is --context " +
                    kubectl_args[0]);
  deploy::Options options;
  options.timeout = config.duration("timeout");
  options.grace = config.duration("grace");
  options.force_conflicts = force_conflicts;
  options.adopt = adopt;
  options.kubectl_args = kubectl_args;
  options.keep_autoscaled = config.origin("replicas").from == config::From::default_value;
  return options;
}

void RolloutOptions::add_to(const Command &command, ContextFlag context_flag) {
  PlanOptions::add_to(command, context_flag);
  command.flag("--dry-run", dry_run, "Show the plan, change nothing");
  command.flag("--no-rollback", no_rollback, "Leave it as it is if it fails");
  command.flag("--no-verify", no_verify, "Do not ask the service for an answer at the end");
}

deploy::Options RolloutOptions::options(const config::Config &config) const {
  deploy::Options options = PlanOptions::options(config);
  options.rollback = !no_rollback;
  options.verify = !no_verify;
  return options;
}

Exit RolloutOptions::carry_out(kube::Cluster &cluster, const deploy::Set &set,
                               const deploy::Options &options, const deploy::Listener &emit) const {
  if (!dry_run) return deploy::run(cluster, set, options, emit);
  print_plan(deploy::make_plan(cluster, set, options), format);
  return Exit::ok;
}

std::unique_ptr<kube::Cluster> connect(const config::Config &config) {
  kube::Access access{config.kube_context(), config.text("namespace.name"), config.text("name")};
  if (access.context.empty()) access.context = kube::current_context();
  return kube::connect(std::move(access));
}

} // namespace hello::cli
