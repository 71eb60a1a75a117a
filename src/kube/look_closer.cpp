#include <algorithm>

#include <fmt/core.h>

#include "hello/readiness.h"

namespace hello::kube {

using json::Value;

std::string selector_of_pods(const Value &workload) {
  std::string selector;
  for (const auto &[key, value] : workload.at("spec", "selector", "matchLabels").members())
    selector += (selector.empty() ? "" : ",") + key + "=" + std::string(value.text());
  return selector;
}

namespace {

using State = Readiness::State;

/// The newest event about an object that the field selector `which` takes; empty if there is none.
std::string event_about(Cluster &cluster, const Id &id, const Value &object,
                        std::string_view which) {
  Happening newest;
  cluster.list({"v1", "Event", id.ns.empty() ? "default" : id.ns, "",
                fmt::format("{},involvedObject.name={}", which, id.name)},
               [&](Value &&event) {
                 Happening one = happening_of(event);
                 if (one.uid == object.text("metadata", "uid") && one.time >= newest.time)
                   newest = std::move(one);
               });
  return newest.message;
}

/// A claim whose class waits for a pod is done: nothing else would make it go on.
void look_at_class(Cluster &cluster, const Value &claim, Readiness &state) {
  const std::string name = claim.text("spec", "storageClassName");
  if (name.empty()) return;
  const auto found = cluster.read({"storage.k8s.io/v1", "StorageClass", "", name});
  const std::string node =
      claim.text("metadata", "annotations", "volume.kubernetes.io/selected-node");
  if (found && found->text("volumeBindingMode") == "WaitForFirstConsumer" && node.empty())
    state = {State::done, "it waits for its first pod"};
  else if (found.failed_with(Trouble::forbidden))
    state = {State::warning, state.text + ", and its class may not be read"};
}

/// Why the pods of a workload or Job do not get on.
class Pods {
public:
  Pods(Cluster &cluster, const Id &owner, const Value &object) : cluster_(cluster), owner_(owner) {
    const std::string selector = selector_of_pods(object);
    if (selector.empty()) return;
    const auto failure = cluster.list({"v1", "Pod", owner.ns, selector},
                                      [&](Value &&pod) { snapshot_.pods.push_back(pod_of(pod)); });
    none_ = !failure && snapshot_.pods.empty();
    cluster.list({"v1", "Event", owner.ns, "", "type=Warning,involvedObject.kind=Pod"},
                 [&](Value &&event) { snapshot_.add(happening_of(event)); });
  }

  /// It has none yet, although it should.
  bool none() const { return none_; }

  /// One of each cause. A Job tries a pod that ended again.
  std::vector<Problem> problems() const {
    std::vector<Problem> found;
    for (const Pod &pod : snapshot_.pods) {
      auto problem = judge_pod(pod, snapshot_);
      if (!problem || (owner_.kind == "Job" && ended(*problem))) continue;
      if (std::none_of(found.begin(), found.end(),
                       [&](const Problem &one) { return one.key() == problem->key(); }))
        found.push_back(std::move(*problem));
    }
    return found;
  }

  /// The end of the newest pod's log that ended badly.
  std::optional<std::string> last_words() const {
    const Pod *newest = nullptr;
    for (const Pod &pod : snapshot_.pods)
      if (pod.phase != "Succeeded" && (!newest || pod.created >= newest->created)) newest = &pod;
    if (!newest) return std::nullopt;
    for (const Container &one : newest->containers) {
      const bool bad =
          (one.ended && one.ended->exit_code) || (one.last_ended && one.last_ended->exit_code);
      if (!bad) continue;
      auto log = cluster_.log(newest->name, one.name,
                              {.tail_lines = 10, .limit_bytes = 8192, .ns = owner_.ns});
      if (!log) return std::nullopt;
      while (log->ends_with('\n')) log->pop_back();
      return std::move(*log);
    }
    return std::nullopt;
  }

private:
  static bool ended(const Problem &problem) {
    return problem.cause == Cause::crash || problem.cause == Cause::failed ||
           problem.what.find("ended it") != std::string::npos;
  }

  Cluster &cluster_;
  const Id &owner_;
  Snapshot snapshot_;
  bool none_ = false;
};

/// Why a Deployment gets no pods; other workloads have events of their own.
std::string refusal_of_pods(const Value &object) {
  for (const Value &one : object.at("status", "conditions").items())
    if (one.text("type") == "ReplicaFailure" && one.text("status") == "True")
      return one.text("message");
  return "";
}

bool has_pods(const Value &object) {
  return object.at("spec", "template", "spec").find("containers");
}

/// A pod that no workload owns.
void look_at_pod(Cluster &cluster, const Id &id, const Value &object, Look &look) {
  Snapshot alone;
  alone.pods.push_back(pod_of(object));
  cluster.list({"v1", "Event", id.ns, "", "type=Warning,involvedObject.name=" + id.name},
               [&](Value &&event) { alone.add(happening_of(event)); });
  auto problem = judge_pod(alone.pods.front(), alone);
  if (!problem) return;
  problem->fatal = problem->fatal || look.readiness.state == State::failed;
  look.problems.push_back(std::move(*problem));
}

} // namespace

Look look_closer(Cluster &cluster, const Id &id, const Value &object) {
  Look look{readiness(object), {}};
  Readiness &state = look.readiness;
  if (state.over()) return look;
  if (id.kind == "PersistentVolumeClaim" && state.state == State::waiting)
    look_at_class(cluster, object, state);
  if (state.over()) return look;
  bool refused = id.kind == "PersistentVolumeClaim";
  if (has_pods(object)) {
    const Pods pods(cluster, id, object);
    look.problems = pods.problems();
    if (id.kind == "Job") look.last_words = pods.last_words();
    if (state.state == State::failed) {
      Problem failed{Cause::failed, id.kind, id.name, "", state.text, state.evidence, true};
      failed.log = look.last_words;
      look.problems.insert(look.problems.begin(), std::move(failed));
    }
    refused = pods.none();
    if (refused) state.evidence = refusal_of_pods(object);
  } else if (id.kind == "Pod") {
    look_at_pod(cluster, id, object, look);
  }
  if (state.evidence.empty()) state.evidence = event_about(cluster, id, object, "type=Warning");
  if (state.evidence.empty() && id.kind == "PersistentVolumeClaim") // no warning to Kubernetes
    state.evidence = event_about(cluster, id, object, "reason=FailedBinding");
  refused = refused && !state.evidence.empty();
  if (look.problems.empty() && (state.state >= State::failing || refused))
    look.problems.push_back({state.state == State::failed ? Cause::failed : Cause::not_ready,
                             id.kind, id.name, "", state.text, state.evidence,
                             state.state == State::failed});
  return look;
}

} // namespace hello::kube
