#include <ctime>
#include <utility>

#include "cli/commands/commands.h"
#include "cli/options/release_set.h"
#include "cli/view/events.h"
#include "cli/view/output.h"
#include "hello/file.h"
#include "hello/saved_plan.h"
#include "hello/text.h"

namespace hello::cli {
namespace {

/// What goes to one context.
struct Prepared {
  config::Config config;
  Linted linted;

  Prepared(const DeployOptions &flags, const std::optional<std::string> &context)
      : config(flags.config.load(context, flags.plan == "-" ? "--plan" : "")),
        linted(linted_set(config, flags.allow, serve_mistake)) {}
};

/// The plan in a file, or on stdin for "-".
deploy::SavedPlan approved(const std::string &file) {
  return deploy::read_plan(
      sys::read_file(file == "-" ? "/dev/stdin" : file, 64 << 20, Exit::invalid), file);
}

Exit deploy_one(const DeployOptions &flags, const Prepared &prepared) {
  const auto &[config, linted] = prepared;
  std::optional<deploy::SavedPlan> saved;
  if (flags.plan) saved = approved(*flags.plan);
  deploy::Options options = flags.options(config);
  options.with_drills = flags.with_drills;
  flags.reach.apply_to(options);
  const sys::Interrupts interrupts(
      "interrupted: the cluster stays as it is",
      "run the same hello deploy again to continue; 'hello diff' shows what is left to do");
  const auto cluster = connect(config, flags.config, Purpose::change);
  cluster->set_limit(cluster->now() + options.timeout);
  const auto emit = listener(flags.format, flags.config.console, cluster->access());
  if (saved) {
    deploy::check_plan(*cluster, linted.set, *saved, text::utc(std::time(nullptr)),
                       std::chrono::floor<std::chrono::seconds>(flags.plan_age));
    options.approved = saved->objects;
  }
  return flags.carry_out(*cluster, linted.set, options, emit, linted.last_warning);
}

/// Prints at its end, also after an error, how many contexts were done.
class Tally {
public:
  explicit Tally(const std::vector<std::string> &contexts) : contexts_(contexts) {}
  Tally(const Tally &) = delete;
  Tally &operator=(const Tally &) = delete;
  ~Tally() {
    std::string text = "done: " + (done_ > 0 ? names(0, done_) : "none");
    if (done_ < contexts_.size()) text += "; failed: " + contexts_[done_];
    if (done_ + 1 < contexts_.size())
      text += "; not started: " + names(done_ + 1, contexts_.size());
    say(text);
  }
  void count() { ++done_; }

private:
  std::string names(std::size_t from, std::size_t to) const {
    return text::join(std::span(contexts_).subspan(from, to - from), ", ");
  }

  const std::vector<std::string> &contexts_;
  std::size_t done_ = 0;
};

/// Deploys to one context after the other, up to the first failure. All configurations are read
/// before the first deploy.
Exit deploy_all(const DeployOptions &flags) {
  if (flags.reach.given()) flags.reach.check(); // before anything is done
  if (!flags.may_adopt()) return Exit::no;
  if (flags.plan && flags.config.contexts.size() > 1)
    throw Error(Exit::usage, "--plan is for one cluster: give one --context");
  const auto &contexts = flags.config.contexts;
  if (contexts.size() < 2)
    return deploy_one(flags,
                      {flags, contexts.empty() ? std::nullopt : std::optional(contexts.front())});
  std::vector<Prepared> all;
  std::string warned; // contexts with the same images give the same warning
  for (const std::string &context : contexts) {
    std::string &last = all.emplace_back(flags, context).linted.last_warning;
    if (std::exchange(warned, last) == last) last.clear();
  }
  Tally tally(contexts);
  for (const Prepared &one : all) {
    if (const Exit code = deploy_one(flags, one); code != Exit::ok) return code;
    tally.count();
  }
  return Exit::ok;
}

} // namespace

Exit run(const DeployOptions &options) {
  return with_error_events(options.format, [&] { return deploy_all(options); });
}

void declare(const Command &command, DeployOptions &options) {
  options.add_to(command, {.contexts = true, .image = true});
  options.reach.add_to(command);
  OptionSpec plan{"file of 'hello diff --save': apply exactly this plan; exit 1 if it is outdated",
                  "FILE"};
  plan.completes = Completes::file;
  command.text("--plan", options.plan, plan);
  command.duration("--plan-age", options.plan_age, {"how old the plan may be", "TIME"},
                   std::chrono::seconds(1), std::chrono::hours(24 * 365));
  command.flag("--with-drills", options.with_drills, "deploy although a drill is active");
  command.details(
      "Repeat --context to deploy to several clusters, one after the other, up to the first "
      "failure.");
  command.example("hello deploy --context prod", "deploy to one cluster");
  command.example("hello deploy --set messages='Good morning'", "change a setting");
  command.example("hello deploy --dry-run", "show what would change");
}

} // namespace hello::cli
