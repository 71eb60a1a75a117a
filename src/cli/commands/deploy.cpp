#include <memory>

#include "cli/commands/commands.h"
#include "cli/options/deploy_options.h"
#include "cli/view/output.h"

namespace hello::cli {
namespace {

struct Flags : RolloutOptions {
  std::string verify_url;
};

/// One configuration to one context. Returns the exit code.
int deploy_one(const Flags &flags, const std::optional<std::string> &context) {
  const config::Config config = flags.config.load(context);
  deploy::Options options = flags.options(config);
  options.verify_url = flags.verify_url;
  const deploy::Set set = linted_set(config, flags.allow);
  const sys::Interrupts interrupts(
      "interrupted: the cluster stays as it is",
      "the same hello deploy again carries on from there; hello diff shows what is left to do");
  const auto cluster = connect(config);
  return flags.carry_out(*cluster, set, options, listener(flags.output, cluster->access()));
}

/// Says at the end, however that comes, how far it got.
class Tally {
public:
  explicit Tally(const std::vector<std::string> &contexts) : contexts_(contexts) {}
  Tally(const Tally &) = delete;
  Tally &operator=(const Tally &) = delete;
  ~Tally() {
    std::string text = part("done: ", 0, done_);
    if (done_ < contexts_.size()) text += part("; failed: ", done_, done_ + 1);
    say(text + part("; not begun: ", done_ + 1, contexts_.size()));
  }
  void count() { ++done_; }

private:
  std::string part(const char *word, std::size_t from, std::size_t to) const {
    std::string names;
    for (std::size_t i = from; i < to; ++i) names += (names.empty() ? "" : ", ") + contexts_[i];
    return names.empty() ? from == 0 ? "done: none" : "" : word + names;
  }

  const std::vector<std::string> &contexts_;
  std::size_t done_ = 0;
};

/// One context after the other; the first failure ends it. Each one's configuration is read before
/// the first is touched.
int deploy_all(const Flags &flags) {
  if (!flags.verify_url.empty() && !flags.verify_url.starts_with("http://"))
    throw Error(Exit::usage, "--verify " + flags.verify_url +
                                 ": it does not begin with http://"); // not at the end
  const auto &contexts = flags.config.contexts;
  if (contexts.size() < 2)
    return deploy_one(flags, contexts.empty() ? std::nullopt : std::optional(contexts.front()));
  for (const std::string &context : contexts) linted_set(flags.config.load(context), flags.allow);
  Tally tally(contexts);
  for (const std::string &context : contexts) {
    if (const int code = deploy_one(flags, context); code != 0) return code;
    tally.count();
  }
  return 0;
}

} // namespace

void add_deploy(const Command &app) {
  const Command command =
      app.sub("deploy", "Bring the manifests onto the cluster, and wait until they work");
  auto flags = std::make_shared<Flags>();
  flags->add_to(command, true);
  command.text("--verify", flags->verify_url,
               {"Ask here, http://…, instead of through a port-forward", "URL"});
  command.does(
      [flags] { return with_error_events(flags->output, [&] { return deploy_all(*flags); }); });
}

} // namespace hello::cli
