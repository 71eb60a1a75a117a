#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "hello/deploy.h"
#include "hello/fields.h"
#include "hello/status.h"
#include "hello/yaml.h"

namespace hello::deploy {
namespace {

using yaml::at, yaml::items, yaml::text;

std::string joined(const YAML::Node &list, std::initializer_list<const char *> keys) {
  std::string out;
  if (list.IsDefined() && list.IsSequence())
    for (const YAML::Node &item : list)
      for (const char *key : keys)
        if (item.IsMap() && item[key]) out += (out.empty() ? "" : ", ") + text(item[key]);
  return out;
}

StatusNode exposed(const kube::Id &id, const YAML::Node &object) {
  const std::string addresses =
      joined(at(object, {"status", "loadBalancer", "ingress"}), {"ip", "hostname"});
  if (id.kind == "Ingress") {
    const std::string hosts = joined(at(object, {"spec", "rules"}), {"host"});
    if (addresses.empty())
      return {Health::warning, id.text(),
              hosts + ", no address yet: is there a controller for its class?"};
    return {Health::good, id.text(), hosts + " at " + addresses};
  }
  const std::string type = text(at(object, {"spec", "type"}));
  std::string words = fmt::format("{} {}, port {}", type, text(at(object, {"spec", "clusterIP"})),
                                  joined(at(object, {"spec", "ports"}), {"port"}));
  if (type == "NodePort")
    words += ", node port " + joined(at(object, {"spec", "ports"}), {"nodePort"});
  if (type != "LoadBalancer") return {Health::good, id.text(), words};
  return {addresses.empty() ? Health::warning : Health::good, id.text(),
          words + (addresses.empty() ? ", no address yet" : ", at " + addresses)};
}

StatusNode autoscaler(const kube::Id &id, const YAML::Node &object) {
  const kube::Autoscaler a = kube::autoscaler_of(object);
  std::string words = fmt::format("{} of {} to {} pods", a.current, a.min, a.max);
  if (const YAML::Node metrics = at(object, {"status", "currentMetrics"}); metrics.IsDefined())
    for (const YAML::Node &metric : metrics)
      if (const auto used = text(at(metric, {"resource", "current", "averageUtilization"}));
          !used.empty())
        words += fmt::format(", {} {} %", text(at(metric, {"resource", "name"})), used);
  for (const kube::Condition &c : a.conditions) {
    if (c.type == "ScalingActive" && c.status == "False" && c.reason != "ScalingDisabled")
      return {Health::warning, id.text(), words + ", does not scale: " + c.message};
    if (c.type == "ScalingLimited" && c.status == "True" && c.reason == "TooManyReplicas")
      return {Health::warning, id.text(), words + ", wants more than its maximum"};
  }
  return {Health::good, id.text(), words};
}

StatusNode pod_node(const kube::Pod &pod, const kube::Snapshot &snapshot, kube::Instant now) {
  int restarts = 0;
  for (const kube::Container &c : pod.containers) restarts += c.restarts;
  std::string words = fmt::format(
      "{}{}, {} old{}",
      pod.deleting ? "ending" : std::string(name_of(kube::step_of(pod, snapshot))),
      pod.node.empty() ? "" : " on " + pod.node, age(pod.created, now),
      restarts == 0 ? "" : fmt::format(", {} restart{}", restarts, restarts == 1 ? "" : "s"));
  if (const auto problem = kube::judge_pod(pod, snapshot))
    return {Health::bad, "Pod/" + pod.name, words + ": " + describe(*problem)};
  return {pod.ready() || pod.deleting ? Health::good : Health::waiting, "Pod/" + pod.name, words};
}

StatusNode deployment(const kube::Id &id, const Observation &observed, kube::Instant now,
                      Status &status) {
  const kube::Snapshot &snapshot = observed.snapshot;
  const kube::Deployment &d = *snapshot.deployment;
  const kube::Verdict verdict = kube::judge(snapshot, d.template_text, 0);
  status.summary =
      fmt::format("{} of {} pods available{}", verdict.available, verdict.wanted,
                  verdict.old > 0 ? fmt::format(", {} of an older release", verdict.old) : "");
  StatusNode node{verdict.state == kube::Verdict::State::done ? Health::good : Health::waiting,
                  id.text(), status.summary};
  if (verdict.wanted == 0) { // an autoscaler leaves it there too
    node.health = Health::bad;
    node.text = status.summary = "scaled to 0: no pod serves";
  }
  for (const kube::Problem &problem : verdict.problems) {
    node.health = Health::bad;
    if (problem.kind != "Pod") node.text += "; " + problem.object() + ": " + describe(problem);
  }
  for (const kube::ReplicaSet &set : snapshot.replica_sets) {
    StatusNode below{Health::good, "ReplicaSet/" + set.name,
                     &set == snapshot.current() ? "of the present template"
                                                : "of an older release"};
    for (const kube::Pod &pod : snapshot.pods)
      if (pod.owner == set.uid) below.below.push_back(pod_node(pod, snapshot, now));
    if (!below.below.empty() || &set == snapshot.current()) node.below.push_back(std::move(below));
  }
  return node;
}

Health worst(const StatusNode &node) {
  Health health = node.health;
  for (const StatusNode &below : node.below) health = std::max(health, worst(below));
  return health;
}

} // namespace

std::string_view name_of(Health health) {
  constexpr std::array<std::string_view, 4> names = {"good", "warning", "waiting", "bad"};
  return names[static_cast<std::size_t>(health)];
}

std::string age(kube::Instant from, kube::Instant to) {
  const auto seconds = std::max<std::int64_t>(0, (to - from).count());
  if (seconds < 120) return fmt::format("{}s", seconds);
  if (seconds < 2 * 3600) return fmt::format("{}m", seconds / 60);
  if (seconds < 48 * 3600) return fmt::format("{}h", seconds / 3600);
  return fmt::format("{}d", seconds / 86400);
}

Status status_of(const Observation &observed, kube::Instant now) {
  Status status;
  status.summary = "nothing is deployed here";
  if (const release::Release *live = release::live_release(observed.history))
    status.release = *live;
  const std::vector<kube::Id> recorded =
      status.release ? status.release->objects : std::vector<kube::Id>{};
  const auto add = [&](const kube::Id &id, const YAML::Node &object) {
    StatusNode node{Health::good, id.text(), ""};
    if (!object.IsMap())
      node = {Health::bad, id.text(), "missing: the release has it; hello deploy brings it back"};
    else if (at(object, {"metadata", "deletionTimestamp"}).IsDefined())
      node = {Health::bad, id.text(), "is being removed"};
    else if (id.kind == "Deployment" && observed.snapshot.deployment &&
             id.name == observed.snapshot.deployment->name)
      node = deployment(id, observed, now, status);
    else if (id.kind == "Ingress" || id.kind == "Service")
      node = exposed(id, object);
    else if (id.kind == "HorizontalPodAutoscaler")
      node = autoscaler(id, object);
    else if (!recorded.empty() && std::find(recorded.begin(), recorded.end(), id) == recorded.end())
      node = {Health::warning, id.text(),
              "not of this release: the next hello deploy removes it if it is ours"};
    status.objects.push_back(std::move(node));
  };
  for (const kube::Id &id : recorded) // in apply order
    if (const auto found = observed.objects.find(id); found != observed.objects.end())
      add(id, found->second);
  for (const auto &[id, object] : observed.objects)
    if (std::find(recorded.begin(), recorded.end(), id) == recorded.end()) add(id, object);
  if (!observed.snapshot.deployment && recorded.empty())
    status.objects.push_back({Health::bad, "Deployment/hello", "is not there"});
  for (const auto &[id, object] : observed.objects)
    if (id.kind == "Deployment" && observed.snapshot.deployment &&
        id.name == observed.snapshot.deployment->name)
      for (const YAML::Node &container :
           items(at(object, {"spec", "template", "spec", "containers"})))
        if (status.image.empty()) status.image = text(container, "image");
  for (const StatusNode &node : status.objects)
    status.health = std::max(status.health, worst(node));
  return status;
}

} // namespace hello::deploy
