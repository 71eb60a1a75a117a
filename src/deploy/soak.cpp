#include "deploy/soak.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include <fmt/core.h>

#include "deploy/port_forward.h"
#include "deploy/reach.h"
#include "deploy/watch.h"
#include "hello/readiness.h"

namespace hello::deploy {
namespace {

using namespace std::chrono_literals;
using kube::Cause;
using kube::Problem;
using State = Outcome::State;

constexpr auto kShort = 10s;   ///< how long pods may be too few
constexpr auto kBetween = 5s;  ///< requests
constexpr int kUnanswered = 3; ///< in a row

class Soak {
public:
  Soak(kube::Cluster &cluster, const Applied &applied, const Set &set, const Options &options,
       const Listener &emit)
      : cluster_(cluster), applied_(applied), set_(set), options_(options), emit_(emit),
        watch_(cluster, applied), path_(base_path(set)), look_next_(cluster.now() + kBetween),
        explained_(cluster.now()) {
    for (const kube::Object &object : set)
      if (std::find(applied.others.begin(), applied.others.end(), object.id) !=
          applied.others.end())
        if (std::string pods = kube::selector_of_pods(object.value); !pods.empty())
          others_.push_back({"v1", "Pod", object.id.ns, std::move(pods)});
    const auto service = std::find_if(set.begin(), set.end(), [](const kube::Object &object) {
      return object.id.kind == "Service";
    });
    if (service == set.end()) return;
    service_ = "service/" + service->id.name;
    if (const json::Value *port = kube::find_at(service->value, ".spec.ports[0].port"))
      port_ = port->text();
  }

  Outcome run() {
    const auto end = cluster_.now() + options_.soak;
    emit_(event::Note{
        fmt::format("ready; looking after it for {} s (--soak)", options_.soak.count())});
    others_restarted();
    while (cluster_.now() < end) {
      watch_.wait(std::min(end, cluster_.now() + 500ms));
      emit_(event::Tick{});
      if (watch_.complete())
        if (const auto outcome = judge()) return *outcome;
      if (cluster_.now() < look_next_) continue;
      look_next_ = cluster_.now() + kBetween;
      if (const auto problem = others_restarted()) return {State::failed, {*problem}};
      if (const auto problem = unanswered()) return {State::failed, {*problem}};
    }
    return {State::ready};
  }

private:
  std::optional<Outcome> judge() {
    const kube::Snapshot &now = watch_.snapshot();
    const kube::Verdict verdict = kube::judge(now, applied_.template_text, applied_.generation);
    if (verdict.state == kube::Verdict::State::gone) return Outcome{State::gone};
    if (verdict.state == kube::Verdict::State::superseded) return Outcome{State::superseded};
    if (const auto problem = restarted(now)) return Outcome{State::failed, {*problem}};
    const std::int64_t lacking = verdict.wanted - now.deployment->available;
    if (lacking <= 0 || wanted_ < 0) note_whole(now, verdict.wanted);
    if (lacking <= 0 || is_explained(now, verdict, lacking)) explained_ = cluster_.now();
    if (cluster_.now() - explained_ <= kShort) return std::nullopt;
    std::vector<Problem> problems = verdict.problems;
    problems.insert(problems.begin(),
                    {Cause::not_ready, "Deployment", applied_.deployment, "",
                     fmt::format("{} of {} pods available for more than {} s",
                                 now.deployment->available, verdict.wanted, kShort.count()),
                     "", true});
    return Outcome{State::failed, std::move(problems)};
  }

  /// A container of the Deployment that has restarted since the soak began.
  std::optional<Problem> restarted(const kube::Snapshot &now) {
    const kube::ReplicaSet *set = now.current();
    const bool first = !std::exchange(looked_, true);
    for (const kube::Pod &pod : now.pods)
      if (set && pod.owner == set->uid)
        if (auto problem = restarted(pod, first, now)) return problem;
    return std::nullopt;
  }

  /// The same of the set's other workloads.
  std::optional<Problem> others_restarted() {
    const bool first = !std::exchange(looked_at_others_, true);
    kube::Snapshot now;
    for (const kube::Collection &pods : others_)
      cluster_.list(pods, [&](json::Value &&pod) { now.pods.push_back(kube::pod_of(pod)); });
    for (const kube::Pod &pod : now.pods)
      if (auto problem = restarted(pod, first, now)) return problem;
    return std::nullopt;
  }

  /// `first`: what it has restarted until now was before the soak.
  std::optional<Problem> restarted(const kube::Pod &pod, bool first, const kube::Snapshot &now) {
    if (pod.deleting) return std::nullopt;
    for (const kube::Container &one : pod.containers)
      if (const int &before =
              restarts_.try_emplace(pod.uid + one.name, first ? one.restarts : 0).first->second;
          one.restarts > before)
        return problem_of(pod, one, now);
    return std::nullopt;
  }

  /// How the container ended that runs again, or will.
  Problem problem_of(const kube::Pod &pod, const kube::Container &container,
                     const kube::Snapshot &now) {
    kube::Pod ended = pod;
    ended.conditions.clear();
    ended.containers = {container};
    ended.containers[0].ready = false;
    Problem problem = kube::judge_pod(ended, now)
                          .value_or(Problem{Cause::crash, "Pod", pod.name, container.name,
                                            "the container restarted", ""});
    problem.cause = Cause::crash;
    add_evidence(cluster_, problem);
    return problem;
  }

  static bool is_going(const kube::Pod &pod) {
    const kube::Condition *taken = pod.condition("DisruptionTarget");
    return pod.deleting || pod.reason == "Evicted" || (taken && taken->status == "True");
  }

  /// Remembers what there is while nothing is lacking.
  void note_whole(const kube::Snapshot &now, std::int64_t wanted) {
    const kube::ReplicaSet *set = now.current();
    wanted_ = wanted;
    whole_.clear();
    for (const kube::Pod &pod : now.pods)
      if (set && pod.owner == set->uid && !is_going(pod)) whole_.insert(pod.uid);
  }

  /// Whether so many pods were removed since nothing was lacking, or their number or their template
  /// changes.
  bool is_explained(const kube::Snapshot &now, const kube::Verdict &verdict,
                    std::int64_t lacking) const {
    std::set<std::string> lost = whole_;
    for (const kube::Pod &pod : now.pods)
      if (!is_going(pod)) lost.erase(pod.uid);
    return verdict.wanted != wanted_ || !now.dead_nodes.empty() || verdict.old > 0 ||
           verdict.updated < verdict.wanted || static_cast<std::int64_t>(lost.size()) >= lacking;
  }

  std::optional<Problem> unanswered() {
    if (!options_.verify) return std::nullopt;
    const Response response = ask();
    silent_ = response.ok ? 0 : silent_ + 1;
    if (silent_ < kUnanswered) return std::nullopt;
    return Problem{Cause::not_ready,
                   "Deployment",
                   applied_.deployment,
                   "",
                   fmt::format("{} did not answer {} times in a row", response.url, kUnanswered),
                   response.text,
                   true};
  }

  Response ask() {
    if (!options_.verify_url.empty()) return get(cluster_, options_.verify_url, 0s);
    if (options_.verify_exposed) return ask_exposed();
    if (service_.empty() || port_.empty()) return {true, "", ""};
    PortForward forward(cluster_); // one that broke would not heal
    forward.start(service_, port_);
    return forward.get(path_, 0s);
  }

  /// At the address that the cluster exposes, as at the end of the rollout.
  Response ask_exposed() {
    Response response{true, "", ""};
    PortForward unused(cluster_);
    Reach once(cluster_, 0s);
    const Listener note = [&](const Event &event) {
      if (const auto *silent = std::get_if<event::NoAnswer>(&event))
        response = {false, silent->url, silent->why};
    };
    report(cluster_, set_, options_, note, unused, once);
    return response;
  }

  kube::Cluster &cluster_;
  const Applied &applied_;
  const Set &set_;
  const Options &options_;
  const Listener &emit_;
  Watch watch_;
  std::string path_, service_, port_;
  sys::Deadline look_next_, explained_;
  std::vector<kube::Collection> others_; ///< pods of the set's other workloads
  std::map<std::string, int> restarts_;  ///< by pod and container, when the soak began
  std::set<std::string> whole_;          ///< uids of the pods when nothing was lacking
  std::int64_t wanted_ = -1;             ///< how many were wanted then
  bool looked_ = false, looked_at_others_ = false;
  int silent_ = 0;
};

} // namespace

Outcome soak(kube::Cluster &cluster, const Applied &applied, const Set &set, const Options &options,
             const Listener &emit) {
  if (applied.deployment.empty()) return {State::ready};
  return Soak(cluster, applied, set, options, emit).run();
}

} // namespace hello::deploy
