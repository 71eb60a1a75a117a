#include "cli/options/deploy_options.h"

#include <algorithm>
#include <cstdlib>

#include <unistd.h>

#include <fmt/core.h>

#include "cli/options/advice.h"
#include "cli/options/kubeconfig.h"
#include "cli/options/release_set.h"
#include "cli/view/events.h"
#include "hello/process.h"
#include "hello/run_at_terminal.h"
#include "hello/saved_plan.h"
#include "hello/signals.h"

namespace hello::cli {
namespace {

/// What a deploy or rollback has done, for its closing line.
struct Change {
  std::string what; ///< "deploy" or "rollback to 3"
  bool any = false, rolled_back = false, first = false;
  std::string summary{};

  void see(const deploy::Event &event) {
    if (const auto *planned = std::get_if<deploy::event::Planned>(&event)) {
      any = !planned->plan->empty();
      summary = planned->plan->summary();
    } else if (const auto *failed = std::get_if<deploy::event::Failed>(&event)) {
      rolled_back = failed->left == deploy::event::Failed::Left::rolled_back;
      first = failed->left == deploy::event::Failed::Left::nothing_earlier;
    }
  }

  std::string closing_line(Exit code, const kube::Access &access) const {
    if (code == Exit::ok)
      return fmt::format(
          "{} done in {}: {}; 'hello status' shows what runs, 'hello rollback' goes back", what,
          target(access), summary);
    if (rolled_back)
      return fmt::format("{} failed in {} and was rolled back; 'hello history' lists the revisions",
                         what, target(access));
    return fmt::format("{} failed in {}; 'hello status' shows what is wrong, {}", what,
                       target(access),
                       first ? "'hello undeploy' removes it" : "'hello rollback' goes back");
  }
};

} // namespace

void PlanOptions::add_to(const Command &command, Shown shown, std::string_view formats) {
  shown.cluster = true;
  config.add_to(command, shown);
  command.flag("--force-conflicts", force_conflicts, "take over fields that other managers own");
  OptionSpec adopted{"object owned by something else to take over: "
                     "KIND[.GROUP]/[NAMESPACE/]NAME, or all",
                     "OBJECT"};
  adopted.completes = Completes::adopted;
  command.list("--adopt", adopt, adopted);
  OptionSpec rule{"lint rule that may be broken", "RULE"};
  rule.completes = Completes::rule;
  command.list("--allow", allow, rule);
  add_format(command, format, formats);
  command.section("Arguments");
  command.rest("KUBECTL-FLAG", kubectl_args, "flag for kubectl apply");
  command.section();
}

deploy::Options PlanOptions::options(const config::Config &config) const {
  if (!kubectl_args.empty() && !kubectl_args[0].starts_with("-"))
    throw Error(Exit::usage, "unexpected argument '" + kubectl_args[0] + "'",
                "flags for kubectl apply go after --; to choose a context, use --context " +
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

void RolloutOptions::add_to(const Command &command, Shown shown) {
  command.flag("--dry-run", dry_run, "show the plan, change nothing");
  shown.timeout = shown.grace = true;
  PlanOptions::add_to(command, shown, "text|json");
  command.flag("--yes", yes, "do not ask for confirmation; required without a terminal");
  command.flag("--no-rollback", no_rollback, "leave a failed rollout as it is");
  command.duration("--rollback-timeout", rollback_timeout,
                   {"maximum time for the rollback of a failed rollout; 0: as --timeout", "TIME"},
                   std::chrono::milliseconds(0), std::chrono::hours(24));
  command.duration("--soak", soak,
                   {"time to observe a ready rollout before it counts as deployed", "TIME"},
                   std::chrono::milliseconds(0), std::chrono::hours(24));
  command.flag("--no-verify", no_verify, "skip the final test request to the service");
}

deploy::Options RolloutOptions::options(const config::Config &config) const {
  deploy::Options options = PlanOptions::options(config);
  options.rollback = !no_rollback;
  options.verify = !no_verify;
  options.soak = std::chrono::ceil<std::chrono::seconds>(soak);
  options.rollback_timeout = rollback_timeout.count() == 0
                                 ? options.timeout
                                 : std::chrono::ceil<std::chrono::seconds>(rollback_timeout);
  return options;
}

bool RolloutOptions::may_adopt() const {
  if (dry_run || yes || std::find(adopt.begin(), adopt.end(), "all") == adopt.end()) return true;
  const sys::Interrupts interrupts("interrupted", ""); // the question says what that means
  return confirmed(config.console,
                   "Take over every object in the manifests that something else owns?");
}

Exit RolloutOptions::carry_out(kube::Cluster &cluster, const deploy::Set &set,
                               const deploy::Options &options, const deploy::Listener &emit,
                               const std::string &last_warning) const {
  const auto warn_last = [&] {
    if (!last_warning.empty()) say(last_warning);
  };
  if (dry_run) {
    const deploy::Plan plan = deploy::make_plan(cluster, set, options);
    print_plan(plan, format, config.console);
    warn_last();
    if (options.approved) deploy::check_approved(*options.approved, plan);
    return Exit::ok;
  }
  Change change{options.note.empty() ? "deploy" : options.note};
  bool advised = false;
  const Exit code = deploy::run(cluster, set, options, [&](const deploy::Event &event) {
    change.see(event);
    emit(event);
    const auto *seen = std::get_if<deploy::event::Problem>(&event);
    if (!seen || seen->problem.cause != kube::Cause::image_pull || std::exchange(advised, true))
      return;
    const std::string image = image_of(set, seen->problem.container);
    if (!image.empty()) emit(deploy::event::Note{pull_advice(cluster, image)});
  });
  warn_last();
  if (change.any) config.console.note(change.closing_line(code, cluster.access()));
  return code;
}

void ReachOptions::add_to(const Command &command) {
  OptionSpec where{
      "where to send a test request: forward (through a port-forward), exposed (to the "
      "public address), or a URL",
      "WHERE"};
  where.completes = Completes::reach;
  command.text("--reach", reach, where);
  command.url("--verify", verify, {.help = "the old name of --reach", .hidden = true});
}

void ReachOptions::check() const {
  if (reach && verify)
    throw Error(Exit::usage, "--reach and --verify mean the same: use one of them");
  const std::string to = where();
  if (to != "forward" && to != "exposed" && !to.starts_with("http://") && !(verify && to.empty()))
    throw Error(Exit::usage,
                fmt::format("{} {}: use forward, exposed or a URL that begins with http://",
                            verify ? "--verify" : "--reach", to));
  if (verify)
    say(fmt::format("warning: --verify is now --reach {}; the old name goes away in 0.3",
                    to.empty() ? "forward" : to));
}

void ReachOptions::apply_to(deploy::Options &options) const {
  const std::string to = where();
  options.verify_exposed = to == "exposed";
  if (to.starts_with("http://")) options.verify_url = to;
}

namespace {

/// Refuses to leave out, without a word, the overlay of a current context that was not named.
void check_overlay(const config::Config &config, const ConfigOptions &options,
                   const std::string &context, Purpose purpose) {
  if (!config.context().empty() || options.no_overlay || context.empty()) return;
  for (const auto &[name, kube_context] : config.overlays()) {
    if (name != context && kube_context != context) continue;
    const std::string what = fmt::format("the current context {} has an overlay in {}: contexts.{}",
                                         context, config.file(), name);
    const std::string hint =
        fmt::format("pass --context {} to apply it, or --no-overlay to ignore it", name);
    if (purpose == Purpose::change) throw Error(Exit::usage, what, hint);
    say(fmt::format("warning: {}, which is not applied; {}", what, hint));
    return;
  }
}

/// Lets a credential plugin ask for a password while it has the terminal: later calls of kubectl
/// run in the background, and find the credentials that it keeps.
void let_plugin_ask(const std::string &context, std::chrono::seconds limit) {
  if (::isatty(STDIN_FILENO) != 1) return;
  const Kubeconfig kubeconfig = read_kubeconfig();
  const KubeContext *found = kubeconfig.find(context);
  if (!found || !kubeconfig.has_plugin(*found)) return;
  const char *named = std::getenv("KUBECTL");
  const std::string program = sys::find_program(named && *named ? named : "kubectl");
  if (program.empty()) return; // connecting says so
  if (!sys::run_at_terminal({program, "--context=" + context, "get", "--raw", "/version"},
                            sys::Clock::now() + limit))
    throw Error(Exit::cluster,
                fmt::format("the credential plugin of context {} did not end within {} s "
                            "(--timeout)",
                            context, limit.count()),
                "see what it waits for: kubectl --context " + context + " get --raw /version");
}

} // namespace

std::unique_ptr<kube::Cluster> connect(const config::Config &config, const ConfigOptions &options,
                                       Purpose purpose) {
  kube::Access access{config.kube_context(), config.text("namespace.name"), config.text("name")};
  if (options.console.verbose) access.trace = [](std::string_view line) { say(line); };
  if (access.context.empty()) access.context = kube::current_context(access.trace);
  check_overlay(config, options, access.context, purpose);
  mask_secrets(config);
  let_plugin_ask(access.context, config.duration("timeout"));
  return kube::connect(std::move(access));
}

} // namespace hello::cli
