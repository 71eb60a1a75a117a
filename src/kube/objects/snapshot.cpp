#include "hello/snapshot.h"

#include <algorithm>
#include <charconv>

#include "hello/fields.h"
#include "hello/yaml.h"

namespace hello::kube {
namespace {

using yaml::at, yaml::items, yaml::text;

bool yes(const YAML::Node &map, const char *key) { return text(map, key) == "true"; }

std::int64_t number(const YAML::Node &map, const char *key, std::int64_t otherwise = 0) {
  const std::string digits = text(map, key);
  std::int64_t value = otherwise;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

std::vector<Condition> conditions_of(const YAML::Node &status) {
  std::vector<Condition> conditions;
  for (const YAML::Node &one : items(at(status, "conditions")))
    conditions.push_back({text(one, "type"), text(one, "status"), text(one, "reason"),
                          text(one, "message"), instant_of(text(one, "lastTransitionTime"))});
  return conditions;
}

std::int64_t revision_of(const YAML::Node &meta) {
  return number(at(meta, "annotations"), "deployment.kubernetes.io/revision");
}

std::optional<End> end_of(const YAML::Node &state) {
  const YAML::Node end = at(state, "terminated");
  if (!end.IsMap()) return std::nullopt;
  return End{static_cast<int>(number(end, "exitCode")), static_cast<int>(number(end, "signal")),
             text(end, "reason"), text(end, "message")};
}

Container container_of(const YAML::Node &status, bool init) {
  Container c;
  const YAML::Node state = at(status, "state");
  c.name = text(status, "name");
  c.init = init;
  c.ready = yes(status, "ready");
  c.started = yes(status, "started");
  c.restarts = static_cast<int>(number(status, "restartCount"));
  c.image_id = text(status, "imageID");
  c.ended = end_of(state);
  c.last_ended = end_of(at(status, "lastState"));
  c.running = at(state, "running").IsDefined();
  c.waiting = text(state, "waiting", "reason");
  c.message = text(state, "waiting", "message");
  return c;
}

std::string owner_of(const YAML::Node &meta) {
  for (const YAML::Node &owner : items(at(meta, "ownerReferences")))
    if (yes(owner, "controller")) return text(owner, "uid");
  return "";
}

} // namespace

Instant instant_of(std::string_view text) {
  int part[6] = {};
  const char *at = text.data(), *end = text.data() + text.size();
  for (int i = 0; i < 6; ++i) {
    const auto [next, error] = std::from_chars(at, end, part[i]);
    if (error != std::errc() || (i < 5 && next == end)) return {};
    at = next + 1;
  }
  using namespace std::chrono;
  const year_month_day day{year(part[0]), month(static_cast<unsigned>(part[1])),
                           std::chrono::day(static_cast<unsigned>(part[2]))};
  if (!day.ok()) return {};
  return sys_days(day) + hours(part[3]) + minutes(part[4]) + seconds(part[5]);
}

const Condition *Pod::condition(std::string_view type) const {
  const auto found = std::find_if(conditions.begin(), conditions.end(),
                                  [&](const Condition &c) { return c.type == type; });
  return found == conditions.end() ? nullptr : &*found;
}

bool Pod::ready() const {
  const Condition *ready = condition("Ready");
  return ready && ready->status == "True";
}

const ReplicaSet *Snapshot::current() const {
  if (!deployment || deployment->revision == 0) return nullptr;
  for (const ReplicaSet &set : replica_sets)
    if (set.revision == deployment->revision) return &set;
  return nullptr;
}

Deployment deployment_of(const YAML::Node &object) {
  Deployment d;
  const YAML::Node meta = at(object, "metadata"), spec = at(object, "spec"),
                   status = at(object, "status");
  d.name = text(meta, "name");
  d.uid = text(meta, "uid");
  d.generation = number(meta, "generation");
  d.revision = revision_of(meta);
  d.template_text = canonical(at(spec, "template"));
  d.wanted = number(spec, "replicas", 1);
  d.paused = yes(spec, "paused");
  for (const auto &label : at(spec, "selector", "matchLabels"))
    d.selector[text(label.first)] = text(label.second);
  if (!status) return d;
  d.observed = number(status, "observedGeneration");
  d.replicas = number(status, "replicas");
  d.updated = number(status, "updatedReplicas");
  d.ready = number(status, "readyReplicas");
  d.available = number(status, "availableReplicas");
  d.conditions = conditions_of(status);
  return d;
}

ReplicaSet replica_set_of(const YAML::Node &object) {
  ReplicaSet set;
  const YAML::Node meta = at(object, "metadata"), status = at(object, "status");
  set.name = text(meta, "name");
  set.uid = text(meta, "uid");
  set.revision = revision_of(meta);
  set.wanted = number(at(object, "spec"), "replicas", 1);
  if (!status) return set;
  set.replicas = number(status, "replicas");
  set.conditions = conditions_of(status);
  return set;
}

Pod pod_of(const YAML::Node &object) {
  Pod pod;
  const YAML::Node meta = at(object, "metadata"), status = at(object, "status");
  pod.name = text(meta, "name");
  pod.uid = text(meta, "uid");
  pod.owner = owner_of(meta);
  pod.deleting = at(meta, "deletionTimestamp").IsDefined();
  pod.created = instant_of(text(meta, "creationTimestamp"));
  pod.node = text(object, "spec", "nodeName");
  if (!status) return pod;
  pod.phase = text(status, "phase");
  pod.reason = text(status, "reason");
  pod.message = text(status, "message");
  pod.conditions = conditions_of(status);
  for (const YAML::Node &one : items(at(status, "initContainerStatuses")))
    pod.containers.push_back(container_of(one, true));
  for (const YAML::Node &one : items(at(status, "containerStatuses")))
    pod.containers.push_back(container_of(one, false));
  return pod;
}

Autoscaler autoscaler_of(const YAML::Node &object) {
  Autoscaler a;
  const YAML::Node spec = at(object, "spec"), status = at(object, "status");
  a.name = text(object, "metadata", "name");
  if (const YAML::Node target = at(spec, "scaleTargetRef");
      target && text(target, "kind") == "Deployment")
    a.target = text(target, "name");
  a.min = number(spec, "minReplicas", 1);
  a.max = number(spec, "maxReplicas", 1);
  if (!status) return a;
  a.current = number(status, "currentReplicas");
  a.desired = number(status, "desiredReplicas");
  a.conditions = conditions_of(status);
  return a;
}

std::optional<std::string> node_trouble(const YAML::Node &object) {
  for (const Condition &c : conditions_of(at(object, "status")))
    if (c.type == "Ready")
      return c.status == "True" ? std::nullopt : std::optional(c.reason + ": " + c.message);
  return "its kubelet has never reported";
}

Happening happening_of(const YAML::Node &object) {
  Happening h;
  const YAML::Node about = at(object, "involvedObject");
  h.kind = text(about, "kind");
  h.name = text(about, "name");
  h.uid = text(about, "uid");
  h.reason = text(object, "reason");
  h.message = text(object, "message");
  h.warning = text(object, "type") == "Warning";
  for (const char *field : {"firstTimestamp", "eventTime", "lastTimestamp"})
    h.time = std::max(h.time, instant_of(text(object, field)));
  h.time = std::max(h.time, instant_of(text(object, "series", "lastObservedTime")));
  return h;
}

} // namespace hello::kube
