#include <algorithm>
#include <map>
#include <set>

#include <fmt/core.h>

#include "deploy/watch.h"
#include "hello/deploy.h"

namespace hello::deploy {
namespace {

using kube::Problem;
using namespace std::chrono_literals;

/// How long a problem has been there. One that comes and goes (a crash loop runs in between) is one
/// problem.
class Patience {
public:
  struct Entry {
    sys::Deadline first, last;
    bool told = false;
  };
  Entry &see(const Problem &problem, sys::Deadline now) {
    Entry &entry = seen_.try_emplace(problem.key(), Entry{now, now, false}).first->second;
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
  if (problem.cause == kube::Cause::probe && problem.what.find("restarts") == std::string::npos)
    return 2s;
  return problem.cause == kube::Cause::deadline ? 1s : 0s;
}

std::string counts(const Progress &p) {
  std::string text = fmt::format("{} of {} available", p.available, p.wanted);
  if (p.updated < p.wanted || p.available < p.updated)
    text += fmt::format(", {} updated", p.updated);
  if (p.old > 0) text += fmt::format(", {} old", p.old);
  return text;
}

/// Events whose words a problem brings anyway.
bool judged(std::string_view reason) {
  static constexpr std::string_view reasons[] = {"Failed",       "BackOff",      "FailedScheduling",
                                                 "FailedMount",  "FailedCreate", "Unhealthy",
                                                 "InspectFailed"};
  return std::find(std::begin(reasons), std::end(reasons), reason) != std::end(reasons);
}

/// Tells what is new since the last snapshot.
class Reporter {
public:
  explicit Reporter(const Listener &tell) : tell_(tell) {}

  void report(const kube::Snapshot &snapshot, const kube::Verdict &verdict) {
    Progress now{verdict.wanted, verdict.updated, verdict.available, verdict.old, {}};
    const kube::ReplicaSet *set = snapshot.current();
    for (const kube::Pod &pod : snapshot.pods) {
      if (!set || pod.owner != set->uid || pod.deleting) continue;
      PodLine line{pod.name, std::string(name_of(step_of(pod, snapshot))), "", 0};
      for (const kube::Container &c : pod.containers) line.restarts += c.restarts;
      if (const auto problem = kube::judge_pod(pod, snapshot)) line.note = problem->what;
      const auto next = std::find_if(now.pods.begin(), now.pods.end(),
                                     [&](const PodLine &other) { return line.name < other.name; });
      now.pods.insert(next, std::move(line));
    }
    for (const PodLine &pod : now.pods) tell_pod(pod);
    tell_warnings(snapshot, set);
    if (now == last_) return;
    tell_({"progress",
           "",
           counts(now),
           {{"wanted", std::to_string(now.wanted)},
            {"updated", std::to_string(now.updated)},
            {"available", std::to_string(now.available)},
            {"old", std::to_string(now.old)}},
           nullptr,
           &now});
    last_ = now;
  }

private:
  void tell_pod(const PodLine &pod) {
    const auto before = std::find_if(last_.pods.begin(), last_.pods.end(),
                                     [&](const PodLine &old) { return old.name == pod.name; });
    if (before != last_.pods.end() && before->step == pod.step && before->restarts == pod.restarts)
      return;
    const std::string restarts =
        pod.restarts ? fmt::format(", {} restart{}", pod.restarts, pod.restarts == 1 ? "" : "s")
                     : "";
    tell_({"pod",
           "Pod/" + pod.name,
           pod.step + restarts,
           {{"step", pod.step}, {"restarts", std::to_string(pod.restarts)}}});
  }

  /// Kubernetes' warnings about the new pods and their owners.
  void tell_warnings(const kube::Snapshot &snapshot, const kube::ReplicaSet *set) {
    std::set<std::string> ours;
    if (snapshot.deployment) ours.insert(snapshot.deployment->uid);
    if (set) ours.insert(set->uid);
    for (const kube::Pod &pod : snapshot.pods)
      if (set && pod.owner == set->uid) ours.insert(pod.uid);
    for (const kube::Happening &event : snapshot.events)
      if (event.warning && !judged(event.reason) && ours.count(event.uid) &&
          warned_.insert(event.reason + event.message).second)
        tell_({"event",
               event.kind + "/" + event.name,
               fmt::format("{}: {}", event.reason, event.message),
               {{"reason", event.reason}}});
  }

  const Listener &tell_;
  Progress last_{-1, 0, 0, 0, {}};
  std::set<std::string> warned_;
};

void tell_problem(const Listener &tell, const Problem &problem) {
  tell({"problem",
        problem.object,
        describe(problem),
        {{"cause", std::string(name_of(problem.cause))},
         {"container", problem.container},
         {"what", problem.what},
         {"evidence", problem.evidence},
         {"fatal", problem.fatal ? "true" : "false"}}});
}

} // namespace

std::string describe(const Problem &problem) {
  std::string text = problem.container.empty()
                         ? problem.what
                         : fmt::format("{}: {}", problem.container, problem.what);
  if (problem.evidence.empty()) return text;
  text += problem.evidence.find('\n') == std::string::npos && problem.evidence.size() < 60 ? ": "
                                                                                           : "\n";
  return text + problem.evidence;
}

Outcome wait(kube::Cluster &cluster, const Applied &applied, const Options &options,
             const Listener &tell) {
  using State = Outcome::State;
  if (applied.deployment.empty()) return {};
  const auto deadline = sys::Clock::now() + options.timeout;
  Watch watch(cluster, applied);
  Patience patience;
  Reporter reporter(tell);
  std::vector<Problem> problems; // of the last look, with evidence
  bool offline = false, refused = false;
  for (;;) {
    const bool news = watch.wait(std::min(deadline, sys::Clock::now() + 500ms));
    const auto now = sys::Clock::now();
    if (std::exchange(offline, watch.offline()) != watch.offline())
      tell({watch.offline() ? "warning" : "note", "",
            watch.offline() ? "the API server does not answer; waiting for it"
                            : "the API server answers again"});
    if (watch.refused() && !std::exchange(refused, true))
      tell({"warning", "", watch.refused()->words()});
    if (watch.complete()) {
      const kube::Snapshot &snapshot = watch.snapshot();
      const kube::Verdict verdict =
          kube::judge(snapshot, applied.template_text, applied.generation);
      if (news)
        reporter.report(snapshot, verdict);
      else
        tell({"tick", "", ""});
      if (verdict.state == kube::Verdict::State::done) return {};
      if (verdict.state == kube::Verdict::State::gone) return {State::gone, {}};
      if (verdict.state == kube::Verdict::State::superseded) return {State::superseded, {}};
      if (!verdict.problems.empty()) problems.clear();
      bool enough = false;
      for (Problem problem : verdict.problems) {
        Patience::Entry &entry = patience.see(problem, now);
        if (now - entry.first < settling(problem)) continue;
        const bool over = problem.fatal || now - entry.first >= options.grace;
        if (!entry.told || over) watch.add_evidence(problem);
        if (!std::exchange(entry.told, true)) tell_problem(tell, problem);
        enough = enough || over;
        problems.push_back(std::move(problem));
      }
      patience.forget(now);
      if (enough) return {State::failed, problems};
    }
    if (now >= deadline) {
      for (Problem &problem : problems) watch.add_evidence(problem);
      return {State::timed_out, problems};
    }
  }
}

} // namespace hello::deploy
