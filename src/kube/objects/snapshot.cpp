#include "hello/snapshot.h"

#include <algorithm>
#include <charconv>

#include "hello/json.h"

namespace hello::kube {
namespace {

using json::Value;

std::vector<Condition> conditions_of(const Value &status) {
  std::vector<Condition> conditions;
  for (const Value &one : status.at("conditions").items())
    conditions.push_back({one.text("type"), one.text("status"), one.text("reason"),
                          one.text("message"), instant_of(one.text("lastTransitionTime"))});
  return conditions;
}

std::int64_t revision_of(const Value &meta) {
  return meta.at("annotations", "deployment.kubernetes.io/revision").number();
}

std::optional<End> end_of(const Value &state) {
  const Value &end = state.at("terminated");
  if (!end.is_object()) return std::nullopt;
  return End{static_cast<int>(end.at("exitCode").number()),
             static_cast<int>(end.at("signal").number()), end.text("reason"), end.text("message")};
}

Container container_of(const Value &status, bool init) {
  Container c;
  const Value &state = status.at("state");
  c.name = status.text("name");
  c.init = init;
  c.ready = status.at("ready").boolean();
  c.started = status.at("started").boolean();
  c.restarts = static_cast<int>(status.at("restartCount").number());
  c.image_id = status.text("imageID");
  c.ended = end_of(state);
  c.last_ended = end_of(status.at("lastState"));
  c.running = state.at("running").is_object();
  c.waiting = state.text("waiting", "reason");
  c.message = state.text("waiting", "message");
  return c;
}

std::string owner_of(const Value &meta) {
  for (const Value &owner : meta.at("ownerReferences").items())
    if (owner.at("controller").boolean()) return owner.text("uid");
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

Deployment deployment_of(const Value &object) {
  Deployment d;
  const Value &meta = object.at("metadata"), &spec = object.at("spec"),
              &status = object.at("status");
  d.name = meta.text("name");
  d.uid = meta.text("uid");
  d.generation = meta.at("generation").number();
  d.revision = revision_of(meta);
  d.template_text = json::canonical(spec.at("template"));
  d.wanted = spec.at("replicas").number(1);
  d.paused = spec.at("paused").boolean();
  for (const json::Member &label : spec.at("selector", "matchLabels").members())
    d.selector[label.key] = label.value.text();
  d.observed = status.at("observedGeneration").number();
  d.replicas = status.at("replicas").number();
  d.updated = status.at("updatedReplicas").number();
  d.ready = status.at("readyReplicas").number();
  d.available = status.at("availableReplicas").number();
  d.conditions = conditions_of(status);
  return d;
}

ReplicaSet replica_set_of(const Value &object) {
  ReplicaSet set;
  const Value &meta = object.at("metadata"), &status = object.at("status");
  set.name = meta.text("name");
  set.uid = meta.text("uid");
  set.revision = revision_of(meta);
  set.wanted = object.at("spec", "replicas").number(1);
  set.replicas = status.at("replicas").number();
  set.conditions = conditions_of(status);
  return set;
}

Pod pod_of(const Value &object) {
  Pod pod;
  const Value &meta = object.at("metadata"), &status = object.at("status");
  pod.name = meta.text("name");
  pod.uid = meta.text("uid");
  pod.owner = owner_of(meta);
  pod.deleting = meta.find("deletionTimestamp") != nullptr;
  pod.created = instant_of(meta.text("creationTimestamp"));
  pod.node = object.text("spec", "nodeName");
  pod.phase = status.text("phase");
  pod.reason = status.text("reason");
  pod.message = status.text("message");
  pod.conditions = conditions_of(status);
  for (const Value &one : status.at("initContainerStatuses").items())
    pod.containers.push_back(container_of(one, true));
  for (const Value &one : status.at("containerStatuses").items())
    pod.containers.push_back(container_of(one, false));
  return pod;
}

Autoscaler autoscaler_of(const Value &object) {
  Autoscaler a;
  const Value &spec = object.at("spec"), &status = object.at("status");
  a.name = object.text("metadata", "name");
  if (const Value &target = spec.at("scaleTargetRef"); target.text("kind") == "Deployment")
    a.target = target.text("name");
  a.min = spec.at("minReplicas").number(1);
  a.max = spec.at("maxReplicas").number(1);
  a.current = status.at("currentReplicas").number();
  a.desired = status.at("desiredReplicas").number();
  a.conditions = conditions_of(status);
  return a;
}

std::optional<std::string> node_trouble(const Value &object) {
  for (const Condition &c : conditions_of(object.at("status")))
    if (c.type == "Ready")
      return c.status == "True" ? std::nullopt : std::optional(c.reason + ": " + c.message);
  return "its kubelet has never reported";
}

Happening happening_of(const Value &object) {
  Happening h;
  const Value &about = object.at("involvedObject");
  h.kind = about.text("kind");
  h.name = about.text("name");
  h.uid = about.text("uid");
  h.id = object.text("metadata", "uid");
  std::string field = about.text("fieldPath"); // spec.containers{hello}
  if (const auto at = field.find('{'); at != field.npos && field.ends_with('}'))
    h.container = field.substr(at + 1, field.size() - at - 2);
  h.reason = object.text("reason");
  h.message = object.text("message");
  h.warning = object.text("type") == "Warning";
  for (const char *time : {"firstTimestamp", "eventTime", "lastTimestamp"})
    h.time = std::max(h.time, instant_of(object.text(time)));
  h.time = std::max(h.time, instant_of(object.text("series", "lastObservedTime")));
  return h;
}

} // namespace hello::kube
