#include "deploy/watch.h"

namespace hello::deploy {
namespace {

/// The order in which they are watched; without the first three there is no watch at all.
enum Source { deployments, replica_sets, pods, warnings, pulls, kills, autoscalers };

std::string selector_of(const Applied &applied) {
  std::string selector;
  for (const auto &[key, value] : applied.selector)
    selector += (selector.empty() ? "" : ",") + key + "=" + value;
  return selector;
}

} // namespace

void EventSink::clear() {
  while (!about_.empty()) erase(about_.begin()->first);
}

void EventSink::put(const std::string &uid, const json::Value &object) {
  erase(uid);
  kube::Happening happening = kube::happening_of(object);
  about_[uid] = happening.uid;
  snapshot_.add(std::move(happening));
}

void EventSink::erase(const std::string &uid) {
  const auto known = about_.find(uid);
  if (known == about_.end()) return;
  const auto events = snapshot_.events.find(known->second);
  if (events != snapshot_.events.end())
    std::erase_if(events->second,
                  [&](const kube::Happening &one) { return one.id == known->first; });
  about_.erase(known); // `uid` may be its key
}

Watch::Watch(kube::Cluster &cluster, const Applied &applied)
    : cluster_(cluster), deployment_(applied.deployment), uid_(applied.uid) {
  const std::string &ns = cluster.access().ns, selector = selector_of(applied);
  const auto events = [&](std::string fields) {
    return kube::Collection{"v1", "Event", ns, "", std::move(fields)};
  };
  mirror_ = cluster.watch(
      {{{"apps/v1", "Deployment", ns, "", "metadata.name=" + deployment_}, &deployment_table_},
       {{"apps/v1", "ReplicaSet", ns, selector}, &set_table_},
       {{"v1", "Pod", ns, selector}, &pod_table_},
       {events("type=Warning"), &warnings_},
       {events("reason=Pulled"), &pulls_},
       {events("reason=Killing"), &kills_},
       {{"autoscaling/v2", "HorizontalPodAutoscaler", ns}, &autoscaler_table_}});
}

bool Watch::wait(sys::Deadline deadline) {
  // a look goes over all pods: news of a thousand is gathered for a quarter of a second
  const std::chrono::milliseconds gathering(snapshot_.pods.size() / 4);
  if (gathering > gathering.zero()) cluster_.sleep(gathering);
  const bool news = mirror_->wait(deadline);
  if (!mirror_->complete()) return news;
  note_refusals();
  if (news) refresh();
  look_at_nodes();
  return news;
}

void Watch::note_refusals() {
  for (const Source source : {deployments, replica_sets, pods, warnings, autoscalers}) {
    const kube::Failure *refusal = mirror_->refused(source);
    if (!refusal || refusal->absent()) continue;
    if (source <= pods) throw kube::explain(*refusal, "watch the rollout", cluster_.access());
    // reasons will be poorer, the rollout is seen
    refused_ = kube::explain(*refusal, "see all reasons of a failure", cluster_.access());
  }
}

void Watch::refresh() {
  snapshot_.deployment.reset();
  for (const kube::Deployment &one : deployments_) // one that was made anew is not what was applied
    if (one.uid == uid_) snapshot_.deployment = one;
  snapshot_.autoscaler.reset();
  for (const kube::Autoscaler &one : autoscalers_)
    if (one.target == deployment_) snapshot_.autoscaler = one;
}

void Watch::look_at_nodes() {
  const auto now = cluster_.now();
  const kube::ReplicaSet *set = snapshot_.current();
  std::map<std::string, sys::Deadline> silent;
  bool suspicious = false;
  for (const kube::Pod &pod : snapshot_.pods) {
    if (!set || pod.owner != set->uid || pod.node.empty() || pod.ready()) continue;
    if (!pod.containers.empty() && pod.phase != "Pending" &&
        pod.condition("PodReadyToStartContainers"))
      continue;
    const auto known = silent_since_.find(pod.uid);
    const auto since = silent[pod.uid] = known == silent_since_.end() ? now : known->second;
    suspicious = suspicious || now - since > std::chrono::seconds(3);
  }
  silent_since_ = std::move(silent);
  if (!suspicious || now < nodes_next_) return;
  nodes_next_ = now + std::chrono::seconds(3);
  snapshot_.dead_nodes.clear();
  for (const kube::Pod &pod : snapshot_.pods) {
    if (!silent_since_.count(pod.uid)) continue;
    auto node = cluster_.read({"v1", "Node", "", pod.node}); // an account may not be allowed
    if (node.failed_with(kube::Trouble::not_found))
      snapshot_.dead_nodes[pod.node] = "there is no such node";
    if (!node) continue;
    if (const auto why = kube::node_trouble(*node)) snapshot_.dead_nodes[pod.node] = *why;
  }
}

void add_evidence(kube::Cluster &cluster, kube::Problem &problem) {
  if (problem.cause != kube::Cause::crash || problem.log) return;
  kube::LogQuery query{.tail_lines = 10, .limit_bytes = 8192, .previous = true};
  auto log = cluster.log(problem.name, problem.container, query);
  query.previous = false;
  if (!log || log->empty()) log = cluster.log(problem.name, problem.container, query);
  if (!log) return;
  while (!log->empty() && log->back() == '\n') log->pop_back();
  problem.log = std::move(*log);
}

} // namespace hello::deploy
