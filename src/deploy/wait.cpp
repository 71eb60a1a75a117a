#include <algorithm>
#include <map>
#include <set>

#include <fmt/core.h>

#include "deploy/others.h"
#include "deploy/watch.h"
#include "hello/deploy.h"
#include "hello/order.h"

namespace hello::deploy {
namespace {

using kube::Problem;
using namespace std::chrono_literals;

/// By then the kubelet has tried a second time: its first back-off is 10 s.
constexpr auto kSecondPull = 13s;

/// How long a problem has been there; one that comes and goes, as in a crash loop, is one.
class Patience {
public:
  struct Entry {
    sys::Deadline first, last;
    std::set<std::string> reported{};
    std::string what{}, words{}; ///< of a container's last end
  };
  Entry &see(const Problem &problem, sys::Deadline now) {
    Entry &entry = seen_.try_emplace(problem.key(), Entry{now, now}).first->second;
    entry.last = now;
    return entry;
  }
  void forget(sys::Deadline now) {
    std::erase_if(seen_, [&](const auto &one) { return now - one.second.last > 20s; });
  }

private:
  std::map<std::string, Entry> seen_;
};

/// What comes before it is worth a word: probes fail while a service starts, and conditions lag
/// behind.
sys::Clock::duration settling(const Problem &problem) {
  if (problem.cause == kube::Cause::probe && !problem.restarts) return 2s;
  return problem.cause == kube::Cause::deadline ? 1s : 0s;
}

/// The same for what people read as the same: restarts and nodes do not count.
std::string distinct(const Problem &problem) {
  if (problem.cause == kube::Cause::node) return problem.key();
  return problem.key() + problem.what.substr(0, problem.what.find(", "));
}

/// Events whose words a problem brings anyway.
bool judged(std::string_view reason) {
  static constexpr std::string_view reasons[] = {"Failed",       "BackOff",      "FailedScheduling",
                                                 "FailedMount",  "FailedCreate", "Unhealthy",
                                                 "InspectFailed"};
  return std::find(std::begin(reasons), std::end(reasons), reason) != std::end(reasons);
}

/// Warnings of Kubernetes with one reason that are reported.
constexpr int kOfOneReason = 3;

/// Reports what is new since the last snapshot.
class Reporter {
public:
  explicit Reporter(const Listener &emit) : emit_(emit) {}

  void report(const kube::Snapshot &snapshot, const kube::Verdict &verdict) {
    event::Progress now{verdict.wanted, verdict.updated, verdict.available, verdict.old};
    // Before that, the current ReplicaSet is still the one of the old template, and its pods are
    // old.
    const kube::ReplicaSet *set = verdict.observed ? snapshot.current() : nullptr;
    if (!verdict.observed) now.pods = last_.pods;
    for (const kube::Pod &pod : snapshot.pods) {
      if (!set || pod.owner != set->uid || pod.deleting) continue;
      event::Pod line{pod.name, step_of(pod, snapshot)};
      for (const kube::Container &c : pod.containers) line.restarts += c.restarts;
      if (const auto problem = kube::judge_pod(pod, snapshot)) line.problem = problem->what;
      now.pods.push_back(std::move(line));
    }
    sort_items(now.pods, [](const event::Pod &a, const event::Pod &b) { return a.name < b.name; });
    for (const event::Pod &pod : now.pods) report_pod(pod);
    report_warnings(snapshot, set);
    if (now == last_) return;
    emit_(now);
    last_ = std::move(now);
  }

private:
  void report_pod(const event::Pod &pod) {
    const auto before = std::lower_bound(
        last_.pods.begin(), last_.pods.end(), pod.name,
        [](const event::Pod &old, const std::string &name) { return old.name < name; });
    if (before != last_.pods.end() && before->name == pod.name && before->step == pod.step &&
        before->restarts == pod.restarts)
      return;
    emit_(pod);
  }

  /// Kubernetes' warnings about the new pods and their owners.
  void report_warnings(const kube::Snapshot &snapshot, const kube::ReplicaSet *set) {
    if (snapshot.deployment) report_warnings(snapshot, snapshot.deployment->uid);
    if (!set) return;
    report_warnings(snapshot, set->uid);
    for (const kube::Pod &pod : snapshot.pods)
      if (pod.owner == set->uid) report_warnings(snapshot, pod.uid);
  }

  void report_warnings(const kube::Snapshot &snapshot, const std::string &uid) {
    const auto about = snapshot.events.find(uid);
    if (about == snapshot.events.end()) return;
    for (const kube::Happening &happening : about->second)
      if (happening.warning && !judged(happening.reason) &&
          warned_.insert(happening.reason + happening.message).second &&
          ++said_[happening.reason] <= kOfOneReason)
        emit_(event::ClusterWarning{happening});
  }

  const Listener &emit_;
  event::Progress last_{-1, 0, 0, 0};
  std::set<std::string> warned_;
  std::map<std::string, int> said_; ///< by reason: many pods say the same in other words
};

/// Decides when a rollout has failed: at once for a fatal problem, after the grace for one that may
/// heal.
class Judge {
public:
  Judge(kube::Cluster &cluster, std::chrono::seconds grace, const Listener &emit)
      : cluster_(cluster), grace_(grace), emit_(emit) {}

  /// Takes in the problems of one look; true if they are enough to give up.
  bool give_up(const std::vector<Problem> &found, sys::Deadline now) {
    if (!found.empty()) problems_.clear();
    bool enough = false;
    std::map<std::string, std::size_t> count;
    std::set<std::string> looked; // a thousand pods that crash are not a thousand logs a look
    for (const Problem &problem : found) ++count[distinct(problem)];
    for (Problem problem : found) {
      Patience::Entry &entry = patience_.see(problem, now);
      if (now - entry.first < settling(problem)) continue;
      enough = enough || problem.fatal || now - entry.first >= grace_ ||
               (looked.insert(distinct(problem)).second && is_hopeless(problem, entry, now));
      if (entry.reported.insert(distinct(problem)).second) {
        add_evidence(cluster_, problem);
        emit_(event::Problem{problem, count[distinct(problem)] - 1});
      }
      problems_.push_back(std::move(problem));
    }
    patience_.forget(now);
    return enough;
  }

  /// A pod of the new template was ready: what fails now may be by chance.
  void note_ready() { ever_ready_ = true; }

  /// Those of the last look, the first of each kind with all evidence.
  std::vector<Problem> problems() {
    std::set<std::string> seen;
    for (Problem &problem : problems_)
      if (seen.insert(distinct(problem)).second) add_evidence(cluster_, problem);
    return problems_;
  }

private:
  /// Whether waiting cannot help: a registry has refused twice, or a container has ended twice in
  /// the same way with the same last words.
  bool is_hopeless(const Problem &problem, Patience::Entry &entry, sys::Deadline now) {
    if (ever_ready_) return false;
    if (problem.cause == kube::Cause::image_pull)
      return now - entry.first >= kSecondPull && is_refusal(problem.evidence);
    if (problem.cause != kube::Cause::crash || problem.what == entry.what) return false;
    Problem ended = problem;
    add_evidence(cluster_, ended);
    const std::string words = end_of_run(ended);
    // after the first restart, what it runs may still show its first end
    const bool again = problem.what.ends_with(" restarts") && words == entry.words;
    entry.what = problem.what;
    entry.words = words;
    return again;
  }

  static bool is_refusal(const std::string &words) {
    return words.find("not found") != words.npos || words.find("denied") != words.npos ||
           words.find("nauthorized") != words.npos;
  }

  /// How it ended and its last words, without digits: times and addresses differ.
  static std::string end_of_run(const Problem &crash) {
    std::string words = evidence_of(crash);
    std::erase_if(words, [](char c) { return c >= '0' && c <= '9'; });
    return crash.what.substr(0, crash.what.find(", ")) + words;
  }

  kube::Cluster &cluster_;
  bool ever_ready_ = false;
  std::chrono::seconds grace_;
  const Listener &emit_;
  Patience patience_;
  std::vector<Problem> problems_;
};

/// Reports once that the API server is away, that it is back, and what may not be watched.
class Connection {
public:
  explicit Connection(const Listener &emit) : emit_(emit) {}
  void look(const Watch &watch) {
    if (std::exchange(offline_, watch.offline()) != watch.offline()) {
      if (watch.offline())
        emit_(event::Warning{"", "the API server does not answer; waiting for it"});
      else
        emit_(event::Note{"the API server answers again"});
    }
    if (watch.refused() && !std::exchange(refused_, true))
      emit_(event::Warning{"", watch.refused()->words()});
  }

private:
  const Listener &emit_;
  bool offline_ = false, refused_ = false;
};

/// The end that a verdict is; none while the rollout goes on.
std::optional<Outcome> end_of(const kube::Verdict &verdict) {
  switch (verdict.state) {
  case kube::Verdict::State::waiting: break;
  case kube::Verdict::State::done: return Outcome{Outcome::State::ready};
  case kube::Verdict::State::superseded: return Outcome{Outcome::State::superseded};
  case kube::Verdict::State::gone: return Outcome{Outcome::State::gone};
  }
  return std::nullopt;
}

} // namespace

std::string evidence_of(const Problem &problem) {
  if (!problem.log) return problem.evidence;
  if (problem.log->empty()) return problem.evidence.empty() ? "it wrote nothing" : problem.evidence;
  return problem.evidence + (problem.evidence.empty() ? "" : "\n") + "its last words:\n" +
         *problem.log;
}

std::string describe(const Problem &problem) {
  std::string text = problem.container.empty()
                         ? problem.what
                         : fmt::format("{}: {}", problem.container, problem.what);
  const std::string evidence = evidence_of(problem);
  if (evidence.empty()) return text;
  text += evidence.find('\n') == std::string::npos && evidence.size() < 60 ? ": " : "\n";
  return text + evidence;
}

std::string describe(const Outcome &outcome, std::chrono::seconds timeout,
                     std::string_view option) {
  std::string text = outcome.state == Outcome::State::timed_out
                         ? fmt::format("not ready after {} s ({})", timeout.count(), option)
                         : "it cannot become ready";
  std::map<std::string, int> count; // one object stands for others with the same problem
  for (const Problem &problem : outcome.problems) ++count[distinct(problem)];
  for (const Problem &problem : outcome.problems) {
    const int more = std::exchange(count[distinct(problem)], 0) - 1;
    if (more < 0) continue;
    text += fmt::format("\n{}{}: {}", problem.object(),
                        more > 0 ? fmt::format(" and {} more", more) : "", describe(problem));
  }
  return text;
}

namespace {

/// One wait for a rollout and the rest of its set.
class Wait {
public:
  Wait(kube::Cluster &cluster, const Applied &applied, const Options &options, const Listener &emit)
      : cluster_(cluster), applied_(applied), emit_(emit), others_(cluster, applied, emit),
        judge_(cluster, options.grace, emit), reporter_(emit), connection_(emit),
        deadline_(cluster.now() + options.timeout) {}

  Outcome run() {
    if (!applied_.deployment.empty()) watch_.emplace(cluster_, applied_);
    for (bool ready = !watch_;;) {
      if (ready && others_.ready()) return {Outcome::State::ready};
      const auto soon = std::min(deadline_, cluster_.now() + 500ms);
      std::vector<Problem> problems;
      if (watch_) {
        if (const auto end = follow(soon, problems)) {
          if (end->state != Outcome::State::ready) return *end;
          ready = true;
        } else {
          ready = false;
        }
      } else {
        cluster_.sleep(500ms);
      }
      for (const Problem &problem : others_.look()) problems.push_back(problem);
      const auto now = cluster_.now();
      if (ready && others_.ready()) continue;
      if (judge_.give_up(problems, now)) return {Outcome::State::failed, judge_.problems()};
      if (now >= deadline_) return timed_out();
    }
  }

private:
  /// Waits for news of the Deployment, and reports them. Returns its end, if there is one.
  std::optional<Outcome> follow(sys::Deadline until, std::vector<Problem> &problems) {
    const bool news = watch_->wait(until);
    connection_.look(*watch_);
    if (!watch_->complete()) return std::nullopt;
    const kube::Snapshot &snapshot = watch_->snapshot();
    kube::Verdict verdict = kube::judge(snapshot, applied_.template_text, applied_.generation);
    if (news)
      reporter_.report(snapshot, verdict);
    else
      emit_(event::Tick{});
    if (verdict.available > 0) judge_.note_ready();
    problems = std::move(verdict.problems);
    return end_of(verdict);
  }

  Outcome timed_out() {
    std::vector<Problem> problems = judge_.problems();
    for (Problem &problem : others_.unready())
      if (std::none_of(problems.begin(), problems.end(),
                       [&](const Problem &one) { return one.object() == problem.object(); }))
        problems.push_back(std::move(problem));
    return {Outcome::State::timed_out, std::move(problems)};
  }

  kube::Cluster &cluster_;
  const Applied &applied_;
  const Listener &emit_;
  Others others_;
  Judge judge_;
  Reporter reporter_;
  Connection connection_;
  sys::Deadline deadline_;
  std::optional<Watch> watch_;
};

} // namespace

Outcome wait(kube::Cluster &cluster, const Applied &applied, const Options &options,
             const Listener &emit) {
  return Wait(cluster, applied, options, emit).run();
}

} // namespace hello::deploy
