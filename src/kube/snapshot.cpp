#include "hello/snapshot.h"

#include <algorithm>
#include <charconv>

#include "hello/fields.h"

namespace hello::kube {
namespace {

std::string text(const YAML::Node &node) { return node.IsDefined() && node.IsScalar() ? node.Scalar() : ""; }
bool yes(const YAML::Node &node) { return text(node) == "true"; }

std::int64_t number(const YAML::Node &node, std::int64_t otherwise = 0) {
  const std::string digits = text(node);
  std::int64_t value = otherwise;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

std::vector<Condition> conditions_of(const YAML::Node &status) {
  std::vector<Condition> conditions;
  for (const YAML::Node &one : status["conditions"])
    conditions.push_back({text(one["type"]), text(one["status"]), text(one["reason"]), text(one["message"]),
                          instant_of(text(one["lastTransitionTime"]))});
  return conditions;
}

std::int64_t revision_of(const YAML::Node &meta) {
  const YAML::Node annotations = meta["annotations"];
  return annotations ? number(annotations["deployment.kubernetes.io/revision"]) : 0;
}

std::optional<End> end_of(const YAML::Node &state) {
  if (!state || !state["terminated"]) return std::nullopt;
  const YAML::Node end = state["terminated"];
  return End{static_cast<int>(number(end["exitCode"])), static_cast<int>(number(end["signal"])), text(end["reason"]),
             text(end["message"])};
}

Container container_of(const YAML::Node &status, bool init) {
  Container c;
  const YAML::Node state = status["state"];
  c.name = text(status["name"]);
  c.init = init;
  c.ready = yes(status["ready"]);
  c.started = yes(status["started"]);
  c.restarts = static_cast<int>(number(status["restartCount"]));
  c.image_id = text(status["imageID"]);
  c.ended = end_of(state);
  c.last_ended = end_of(status["lastState"]);
  if (!state) return c;
  c.running = state["running"].IsDefined();
  if (const YAML::Node waiting = state["waiting"]) {
    c.waiting = text(waiting["reason"]);
    c.message = text(waiting["message"]);
  }
  return c;
}

std::string owner_of(const YAML::Node &meta) {
  for (const YAML::Node &owner : meta["ownerReferences"])
    if (yes(owner["controller"])) return text(owner["uid"]);
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
  const auto found =
      std::find_if(conditions.begin(), conditions.end(), [&](const Condition &c) { return c.type == type; });
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
  const YAML::Node meta = object["metadata"], spec = object["spec"], status = object["status"];
  d.name = text(meta["name"]);
  d.uid = text(meta["uid"]);
  d.generation = number(meta["generation"]);
  d.revision = revision_of(meta);
  d.template_text = canonical(spec["template"]);
  d.wanted = number(spec["replicas"], 1);
  d.paused = yes(spec["paused"]);
  for (const auto &label : spec["selector"]["matchLabels"]) d.selector[text(label.first)] = text(label.second);
  if (!status) return d;
  d.observed = number(status["observedGeneration"]);
  d.replicas = number(status["replicas"]);
  d.updated = number(status["updatedReplicas"]);
  d.ready = number(status["readyReplicas"]);
  d.available = number(status["availableReplicas"]);
  d.conditions = conditions_of(status);
  return d;
}

ReplicaSet replica_set_of(const YAML::Node &object) {
  ReplicaSet set;
  const YAML::Node meta = object["metadata"], status = object["status"];
  set.name = text(meta["name"]);
  set.uid = text(meta["uid"]);
  set.revision = revision_of(meta);
  set.wanted = number(object["spec"]["replicas"], 1);
  if (!status) return set;
  set.replicas = number(status["replicas"]);
  set.conditions = conditions_of(status);
  return set;
}

Pod pod_of(const YAML::Node &object) {
  Pod pod;
  const YAML::Node meta = object["metadata"], status = object["status"];
  pod.name = text(meta["name"]);
  pod.uid = text(meta["uid"]);
  pod.owner = owner_of(meta);
  pod.deleting = meta["deletionTimestamp"].IsDefined();
  pod.created = instant_of(text(meta["creationTimestamp"]));
  pod.node = text(object["spec"]["nodeName"]);
  if (!status) return pod;
  pod.phase = text(status["phase"]);
  pod.reason = text(status["reason"]);
  pod.message = text(status["message"]);
  pod.conditions = conditions_of(status);
  for (const YAML::Node &one : status["initContainerStatuses"]) pod.containers.push_back(container_of(one, true));
  for (const YAML::Node &one : status["containerStatuses"]) pod.containers.push_back(container_of(one, false));
  return pod;
}

Autoscaler autoscaler_of(const YAML::Node &object) {
  Autoscaler a;
  const YAML::Node spec = object["spec"], status = object["status"];
  a.name = text(object["metadata"]["name"]);
  if (const YAML::Node target = spec["scaleTargetRef"]; target && text(target["kind"]) == "Deployment")
    a.target = text(target["name"]);
  a.min = number(spec["minReplicas"], 1);
  a.max = number(spec["maxReplicas"], 1);
  if (!status) return a;
  a.current = number(status["currentReplicas"]);
  a.desired = number(status["desiredReplicas"]);
  a.conditions = conditions_of(status);
  return a;
}

std::optional<std::string> node_trouble(const YAML::Node &object) {
  for (const Condition &c : conditions_of(object["status"]))
    if (c.type == "Ready") return c.status == "True" ? std::nullopt : std::optional(c.reason + ": " + c.message);
  return "its kubelet has never reported";
}

Happening happening_of(const YAML::Node &object) {
  Happening h;
  const YAML::Node about = object["involvedObject"];
  h.kind = text(about["kind"]);
  h.name = text(about["name"]);
  h.uid = text(about["uid"]);
  h.reason = text(object["reason"]);
  h.message = text(object["message"]);
  h.warning = text(object["type"]) == "Warning";
  for (const char *field : {"firstTimestamp", "eventTime", "lastTimestamp"})
    h.time = std::max(h.time, instant_of(text(object[field])));
  if (const YAML::Node series = object["series"])
    h.time = std::max(h.time, instant_of(text(series["lastObservedTime"])));
  return h;
}

} // namespace hello::kube
