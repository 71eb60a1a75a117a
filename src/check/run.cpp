#include <algorithm>
#include <ctime>
#include <map>
#include <optional>

#include <fmt/core.h>

#include "check/context.h"
#include "hello/last_word.h"
#include "hello/nearest.h"

namespace hello::check {
namespace {

template <class Names> bool has(const Names &names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

void check_names(std::span<const std::string> names, std::string_view flag) {
  std::vector<std::string_view> known;
  for (const Check &check : table()) known.push_back(check.info.name);
  for (const std::string &name : names)
    if (std::find(known.begin(), known.end(), name) == known.end())
      throw Error(Exit::usage,
                  fmt::format("{}: there is no check '{}'{}", flag, name,
                              config::hint(config::nearest(name, known))),
                  "'hello check --list' lists them");
}

bool may_be_namespace(std::string_view name) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz0123456789-";
  return !name.empty() && name.size() <= 63 && name.front() != '-' && name.back() != '-' &&
         name.find_first_not_of(kLetters) == name.npos;
}

void check_namespaces(std::span<const std::string> names) {
  if (!names.empty() && (names.size() != 2 || names[0] == names[1] ||
                         !std::all_of(names.begin(), names.end(), may_be_namespace)))
    throw Error(Exit::usage, "--namespaces needs two different names of namespaces",
                "write --namespaces A,B: services run in A, clients in B");
}

/// Nothing can pass that does not run.
void check_required(std::span<const std::string> required,
                    std::span<const std::string_view> chosen) {
  for (const std::string &name : required)
    if (!has(chosen, name))
      throw Error(Exit::usage, fmt::format("--require {}: the check does not run", name),
                  "name it in --only, or add --full, and leave it out of --skip");
}

/// The runs of one table, with the verdict of each check.
class Runner {
public:
  Runner(Context &context, Listener &listener, Report &report)
      : context_(context), listener_(listener), report_(report) {}

  void run(std::span<const std::string_view> names) {
    bool begun = false;
    for (const Check &check : table()) {
      if (std::find(names.begin(), names.end(), check.info.name) == names.end()) continue;
      if (check.info.name == std::string_view("rollout") || check.begin) {
        if (!begun) begin(names);
        begun = true;
      }
      run_one(check);
    }
  }

  /// After a signal: the checks that have not ended are inconclusive.
  void stop(std::span<const std::string_view> names) {
    for (const Check &check : table()) {
      const auto is_it = [&](const auto &one) { return one == check.info.name; };
      if (std::none_of(names.begin(), names.end(), is_it) ||
          std::any_of(report_.results.begin(), report_.results.end(),
                      [&](const Result &one) { return is_it(one.name); }))
        continue;
      report_.results.push_back(
          {check.info.name,
           inconclusive("Interrupted", "the run was interrupted before it ended"),
           {}});
    }
  }

  /// Why nothing can be made; the checks that would are then inconclusive.
  std::string no_place;

private:
  void begin(std::span<const std::string_view> names) {
    for (const Check &check : table())
      if (check.begin && blocked(check).what.empty() &&
          std::find(names.begin(), names.end(), check.info.name) != names.end()) {
        context_.check = check.info.name;
        try {
          Outcome outcome = check.begin(context_);
          if (!outcome.what.empty()) not_begun_[check.info.name] = std::move(outcome);
        } catch (const Error &error) { // the check itself finds out what is missing
          if (error.is_interruption()) throw;
        }
      }
  }

  /// Why a check cannot run; `what` is empty if it can.
  Outcome blocked(const Check &check) {
    if (check.info.name == std::string_view("api")) return {};
    if (context_.api_lost && !context_.cluster.fetch("/version"))
      return inconclusive("ApiLost", "the API server does not answer any more");
    for (const Result &before : report_.results)
      if (before.name == check.info.needs && before.outcome.verdict >= Verdict::fail) {
        const bool unknown = before.outcome.verdict == Verdict::inconclusive;
        return {.verdict = unknown ? Verdict::inconclusive : Verdict::skip,
                .cause = "Needs",
                .what = fmt::format("needs {}, which {}", before.name,
                                    unknown ? "is inconclusive" : "did not pass")};
      }
    if (no_place.empty()) return {};
    Outcome outcome = inconclusive("NoPlace", no_place);
    if (context_.options.namespaces.empty())
      outcome.advice = "an administrator may run the check, or prepare two namespaces: 'hello "
                       "render --deployer --check --namespaces A,B' prints them";
    return outcome;
  }

  void run_one(const Check &check) {
    context_.check = check.info.name;
    const sys::Deadline start = context_.cluster.now();
    Outcome outcome = blocked(check);
    if (outcome.what.empty() && context_.is_over(context_.deadline))
      outcome = inconclusive("TimeLimit", "--timeout was over before it began");
    if (outcome.what.empty()) {
      listener_.doing(check.info.name, "");
      try {
        const auto not_begun = not_begun_.find(check.info.name);
        outcome = not_begun == not_begun_.end() ? check.run(context_) : not_begun->second;
      } catch (const Error &error) {
        if (error.is_interruption()) throw;
        outcome = inconclusive("NoInstrument", error.what());
      }
    }
    if (check.info.tier != Tier::core && outcome.cause == "NotPermitted")
      outcome.verdict = Verdict::skip;
    if ((outcome.verdict == Verdict::fail || outcome.verdict == Verdict::warn) &&
        context_.is_over(context_.deadline)) {
      outcome.verdict = Verdict::inconclusive; // it did not wait as long as its bound says
      outcome.cause = "TimeLimit";
      outcome.what = "--timeout was over before it ended; until then: " + outcome.what;
    }
    for (std::string *text : {&outcome.what, &outcome.advice}) *text = tidied(*text);
    for (std::string &text : outcome.evidence) text = tidied(text);
    const auto time = context_.cluster.now() - start;
    report_.results.push_back({check.info.name, std::move(outcome),
                               std::chrono::duration_cast<std::chrono::milliseconds>(time)});
    listener_.ended(report_.results.back());
  }

  Context &context_;
  Listener &listener_;
  Report &report_;
  std::map<std::string_view, Outcome> not_begun_; ///< of checks that begin early
};

/// Removes what is over, and makes the two namespaces. Says why that is not possible.
std::string prepare(Context &context, Listener &listener) {
  listener.doing("", "preparing two namespaces");
  try {
    std::vector<std::string> left; // of others: --cleanup reports them
    clean_up(context.cluster, context.options.namespaces, "", left);
    return make_place(context);
  } catch (const Error &error) {
    if (error.is_interruption()) throw;
    context.api_lost = true;
    return error.what();
  }
}

/// Removes what the run made. A signal meanwhile ends the run, but not the removal.
void remove(Context &context, Report &report, std::optional<sys::LastWord> &last_word) {
  for (;;) {
    try {
      report.left = remove_all(context);
      return;
    } catch (const Error &error) {
      if (!error.is_interruption() || last_word) {
        report.left.emplace_back(error.what());
        return;
      }
      report.exit = error.code();
      last_word.emplace();
    }
  }
}

} // namespace

std::vector<Info> all_checks() {
  std::vector<Info> all;
  for (const Check &check : table()) all.push_back(check.info);
  return all;
}

sys::HttpReply ask_over_tcp(const std::string &address, int port, const std::string &host,
                            const std::string &target) {
  using std::chrono::seconds;
  sys::HttpClient client(address, port, host);
  return client.get(target, "application/json",
                    {seconds(3), sys::Clock::now() + seconds(3), 1 << 20});
}

std::vector<std::string_view> chosen(const Options &options) {
  check_names(options.only, "--only");
  check_names(options.skip, "--skip");
  check_names(options.require, "--require");
  check_namespaces(options.namespaces);
  std::vector<std::string_view> names;
  for (const Check &check : table()) {
    const Info &info = check.info;
    const bool named = has(options.only, info.name);
    const bool by_tier = options.only.empty() &&
                         (info.tier == Tier::core || (info.tier == Tier::full && options.full));
    if ((named || by_tier) && !has(options.skip, info.name)) names.push_back(info.name);
  }
  // what a chosen check needs runs too, so that its failure has one cause
  for (std::size_t i = table().size(); i-- > 0;) { // a need stands before what needs it
    const Info &info = table()[i].info;
    if (!info.needs.empty() && !names.empty() &&
        std::find(names.begin(), names.end(), info.name) != names.end() &&
        std::find(names.begin(), names.end(), info.needs) == names.end() &&
        !has(options.skip, info.needs))
      names.push_back(info.needs);
  }
  if (names.empty())
    throw Error(Exit::usage, "no check is left to run", "'hello check --list' lists them");
  check_required(options.require, names);
  std::vector<std::string_view> ordered;
  for (const Check &check : table())
    if (has(names, check.info.name)) ordered.push_back(check.info.name);
  return ordered;
}

Report run(kube::Cluster &cluster, const config::Config &user, const Options &options,
           Listener &listener) {
  const std::vector<std::string_view> names = chosen(options);
  Report report;
  Context context(cluster, user, options, listener);
  const sys::Deadline start = cluster.now();
  report.run = context.run;
  report.context = cluster.access().context;
  report.started = std::time(nullptr);
  report.namespaces = {context.a, context.b};
  context.rendered(kSteady, {}); // throws for settings that contradict each other
  context.check_bounds();
  check_log_store(context);
  report.server = cluster.fetch("/version")
                      .take("ask for the API server's version", cluster.access())
                      .text("gitVersion");
  for (std::string *text : {&report.context, &report.server}) *text = tidied(*text);
  Runner runner(context, listener, report);
  const bool alone = names.size() == 1 && names[0] == "api";
  std::optional<sys::LastWord> last_word; // what follows a signal is not interrupted again
  if (!alone) listener.began(report);
  try {
    if (!alone) runner.no_place = prepare(context, listener);
    runner.run(names);
  } catch (const Error &error) {
    if (!error.is_interruption()) throw;
    report.exit = error.code();
    last_word.emplace();
    runner.stop(names);
  }
  const auto add_up = [&] {
    report.api_lost = context.api_lost;
    report.time = std::chrono::duration_cast<std::chrono::milliseconds>(cluster.now() - start);
    report.exit = exit_of(report, options);
  };
  add_up();
  listener.judged(report);
  if (!alone) {
    listener.doing("", "removing what the check made");
    remove(context, report, last_word);
    for (std::string &text : report.left) text = tidied(text);
  }
  add_up();
  return report;
}

} // namespace hello::check
