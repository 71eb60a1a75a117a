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

Branch exposed(const kube::Id &id, const YAML::Node &object) {
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

Branch autoscaler(const kube::Id &id, const YAML::Node &object) {
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

Branch pod_branch(const kube::Pod &pod, const kube::Snapshot &snapshot, kube::Instant now) {
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

Branch deployment(const kube::Id &id, const Sight &sight, kube::Instant now, Report &report) {
  const kube::Snapshot &snapshot = sight.snapshot;
  const kube::Deployment &d = *snapshot.deployment;
  const kube::Verdict verdict = kube::judge(snapshot, d.template_text, 0);
  report.summary =
      fmt::format("{} of {} pods available{}", verdict.available, verdict.wanted,
                  verdict.old > 0 ? fmt::format(", {} of an older release", verdict.old) : "");
  Branch branch{verdict.state == kube::Verdict::State::done ? Health::good : Health::waiting,
                id.text(), report.summary};
  if (verdict.wanted == 0) { // an autoscaler leaves it there too
    branch.health = Health::bad;
    branch.text = report.summary = "scaled to 0: no pod serves";
  }
  for (const kube::Problem &problem : verdict.problems) {
    branch.health = Health::bad;
    if (!problem.object.starts_with("Pod/"))
      branch.text += "; " + problem.object + ": " + describe(problem);
  }
  for (const kube::ReplicaSet &set : snapshot.replica_sets) {
    Branch below{Health::good, "ReplicaSet/" + set.name,
                 &set == snapshot.current() ? "of the present template" : "of an older release"};
    for (const kube::Pod &pod : snapshot.pods)
      if (pod.owner == set.uid) below.below.push_back(pod_branch(pod, snapshot, now));
    if (!below.below.empty() || &set == snapshot.current())
      branch.below.push_back(std::move(below));
  }
  return branch;
}

Health worst(const Branch &branch) {
  Health health = branch.health;
  for (const Branch &below : branch.below) health = std::max(health, worst(below));
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

Report report_of(const Sight &sight, kube::Instant now) {
  Report report;
  report.summary = "nothing is deployed here";
  if (const Release *live = live_release(sight.history)) report.release = *live;
  const std::vector<kube::Id> recorded =
      report.release ? report.release->objects : std::vector<kube::Id>{};
  const auto add = [&](const kube::Id &id, const YAML::Node &object) {
    Branch branch{Health::good, id.text(), ""};
    if (!object.IsMap())
      branch = {Health::bad, id.text(), "missing: the release has it; hello deploy brings it back"};
    else if (at(object, {"metadata", "deletionTimestamp"}).IsDefined())
      branch = {Health::bad, id.text(), "is being removed"};
    else if (id.kind == "Deployment" && sight.snapshot.deployment &&
             id.name == sight.snapshot.deployment->name)
      branch = deployment(id, sight, now, report);
    else if (id.kind == "Ingress" || id.kind == "Service")
      branch = exposed(id, object);
    else if (id.kind == "HorizontalPodAutoscaler")
      branch = autoscaler(id, object);
    else if (!recorded.empty() && std::find(recorded.begin(), recorded.end(), id) == recorded.end())
      branch = {Health::warning, id.text(),
                "not of this release: the next hello deploy removes it if it is ours"};
    report.branches.push_back(std::move(branch));
  };
  for (const kube::Id &id : recorded) // in apply order
    if (const auto found = sight.objects.find(id); found != sight.objects.end())
      add(id, found->second);
  for (const auto &[id, object] : sight.objects)
    if (std::find(recorded.begin(), recorded.end(), id) == recorded.end()) add(id, object);
  if (!sight.snapshot.deployment && recorded.empty())
    report.branches.push_back({Health::bad, "Deployment/hello", "is not there"});
  for (const auto &[id, object] : sight.objects)
    if (id.kind == "Deployment" && sight.snapshot.deployment &&
        id.name == sight.snapshot.deployment->name)
      for (const YAML::Node &container :
           items(at(object, {"spec", "template", "spec", "containers"})))
        if (report.image.empty()) report.image = text(container, "image");
  for (const Branch &branch : report.branches)
    report.health = std::max(report.health, worst(branch));
  return report;
}

} // namespace hello::deploy
