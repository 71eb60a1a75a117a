#include "deploy/watch.h"

#include <fmt/core.h>

namespace hello::deploy {
namespace {

enum Source { deployments, replica_sets, pods, warnings, pulls, kills, autoscalers, source_count };

std::vector<kube::Mirror::Source> sources(const kube::Access &access, const Applied &applied) {
  std::string selector;
  for (const auto &[key, value] : applied.selector)
    selector += (selector.empty() ? "" : ",") + key + "=" + value;
  const std::string labelled = "labelSelector=" + kube::query_value(selector);
  const auto path = [&](const char *version, const char *kind) {
    return kube::collection_path(version, kind, access.ns);
  };
  return {{path("apps/v1", "Deployment"), "fieldSelector=metadata.name%3D" + applied.deployment},
          {path("apps/v1", "ReplicaSet"), labelled},
          {path("v1", "Pod"), labelled},
          {path("v1", "Event"), "fieldSelector=type%3DWarning"},
          {path("v1", "Event"), "fieldSelector=reason%3DPulled"},
          {path("v1", "Event"), "fieldSelector=reason%3DKilling"},
          {path("autoscaling/v2", "HorizontalPodAutoscaler"), ""}};
}

template <class Read> auto all(const kube::Mirror &mirror, Source source, Read read) {
  std::vector<decltype(read(YAML::Node()))> values;
  for (const auto &[uid, object] : mirror.objects(source)) values.push_back(read(object));
  return values;
}

} // namespace

Watch::Watch(kube::Cluster &cluster, const Applied &applied)
    : cluster_(cluster), deployment_(applied.deployment),
      mirror_(cluster, sources(cluster.access(), applied)), seen_(source_count) {}

bool Watch::wait(sys::Deadline deadline) {
  const bool news = mirror_.wait(deadline);
  if (!mirror_.complete()) return news;
  for (const Source source : {deployments, replica_sets, pods, warnings, autoscalers})
    if (const int status = mirror_.refused(source); status != 0 && status != 404) {
      const Error why = kube::explain(
          kube::Reply{status, mirror_.words(source)},
          source <= pods ? "watch the rollout" : "see all reasons of a failure", cluster_.access());
      if (source <= pods) throw why;
      refused_ = why; // reasons will be poorer, the rollout is seen
    }
  if (news) refresh();
  look_at_nodes();
  return news;
}

void Watch::refresh() {
  const auto changed = [&](Source source) {
    return std::exchange(seen_[source], mirror_.version(source)) != mirror_.version(source);
  };
  if (changed(deployments)) {
    snapshot_.deployment.reset();
    for (auto &one : all(mirror_, deployments, kube::deployment_of))
      snapshot_.deployment = std::move(one);
  }
  if (changed(replica_sets)) {
    snapshot_.replica_sets.clear();
    for (auto &one : all(mirror_, replica_sets, kube::replica_set_of))
      snapshot_.replica_sets.push_back(std::move(one));
  }
  if (changed(pods)) snapshot_.pods = all(mirror_, pods, kube::pod_of);
  const bool warned = changed(warnings), pulled = changed(pulls), killed = changed(kills);
  if (warned || pulled || killed) {
    snapshot_.events = all(mirror_, warnings, kube::happening_of);
    for (const Source more : {pulls, kills})
      for (auto &one : all(mirror_, more, kube::happening_of))
        snapshot_.events.push_back(std::move(one));
  }
  if (changed(autoscalers)) {
    snapshot_.autoscaler.reset();
    for (auto &one : all(mirror_, autoscalers, kube::autoscaler_of))
      if (one.target == deployment_) snapshot_.autoscaler = std::move(one);
  }
}

void Watch::look_at_nodes() {
  const auto now = sys::Clock::now();
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
    const kube::Reply reply =
        cluster_.get("/api/v1/nodes/" + pod.node); // cluster-wide: an account may not be allowed to
    if (reply.status == 404) snapshot_.dead_nodes[pod.node] = "there is no such node";
    if (!reply.ok()) continue;
    if (const auto why = kube::node_trouble(kube::parse(reply.body, "node")))
      snapshot_.dead_nodes[pod.node] = *why;
  }
}

void Watch::add_evidence(kube::Problem &problem) {
  if (problem.cause != kube::Cause::crash || problem.log) return;
  const std::string path = fmt::format("{}/{}/log?container={}&tailLines=10&limitBytes=8192",
                                       kube::collection_path("v1", "Pod", cluster_.access().ns),
                                       problem.name, problem.container);
  const auto none = [](const kube::Reply &reply) { // 200 for a container that has been removed: the
                                                   // kubelet's own words
    return !reply.ok() || reply.body.starts_with("unable to retrieve container logs");
  };
  kube::Reply log = cluster_.get(path + "&previous=true");
  if (none(log) || log.body.empty()) log = cluster_.get(path);
  if (none(log)) return;
  while (!log.body.empty() && log.body.back() == '\n') log.body.pop_back();
  problem.log = std::move(log.body);
}

} // namespace hello::deploy
