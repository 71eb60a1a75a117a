#include "hello/readiness.h"

#include <algorithm>

#include <fmt/core.h>

#include "hello/kinds.h"

namespace hello::kube {
namespace {

using json::Value;
using State = Readiness::State;

const Value *condition(const Value &status, std::string_view type) {
  for (const Value &one : status.at("conditions").items())
    if (one.text("type") == type) return &one;
  return nullptr;
}

bool is(const Value *condition, std::string_view status) {
  return condition && condition->at("status").text() == status;
}

/// "Reason", and the message as evidence.
Readiness by(State state, const std::string &what, const Value &condition) {
  const std::string reason = condition.text("reason");
  return {state, reason.empty() ? what : fmt::format("{} ({})", what, reason),
          condition.text("message")};
}

/// Whether `status`, or one of its conditions, is of an earlier generation.
bool is_stale(const Value &object, const Value &status) {
  const Value *seen = status.find("observedGeneration");
  return seen && seen->number() < object.at("metadata", "generation").number();
}
bool is_stale(const Value &object) { return is_stale(object, object.at("status")); }

Readiness counted(std::int64_t wanted, std::int64_t updated, std::int64_t available) {
  if (updated >= wanted && available >= wanted) return {};
  return {State::waiting,
          fmt::format("{} of {} available{}", available, wanted,
                      updated < wanted ? fmt::format(", {} updated", updated) : std::string())};
}

/// Of Deployments, StatefulSets and DaemonSets.
Readiness workload(const Value &object) {
  const Value &status = object.at("status"), &spec = object.at("spec");
  const auto count = [&status](std::string_view key) { return status.at(key).number(); };
  if (!status.find("observedGeneration") || is_stale(object))
    return {State::waiting, "its controller has not looked at it yet"};
  if (object.text("kind") == "DaemonSet") {
    const std::int64_t wanted = count("desiredNumberScheduled");
    const bool by_hand = spec.text("updateStrategy", "type") == "OnDelete";
    return counted(wanted, by_hand ? wanted : count("updatedNumberScheduled"),
                   count("numberAvailable"));
  }
  const std::int64_t wanted = spec.at("replicas").number(1);
  if (object.text("kind") == "StatefulSet") {
    const std::int64_t kept = spec.at("updateStrategy", "rollingUpdate", "partition").number();
    const bool whole = status.text("currentRevision") == status.text("updateRevision");
    const bool by_hand = spec.text("updateStrategy", "type") == "OnDelete";
    return counted(wanted, whole || by_hand ? wanted : count("updatedReplicas") + kept,
                   count("availableReplicas"));
  }
  if (const Value *late = condition(status, "Progressing");
      is(late, "False") && late->text("reason") == "ProgressDeadlineExceeded")
    return by(State::failed, "the progress deadline has passed", *late);
  if (spec.at("paused").boolean()) return {State::failing, "the rollout is paused"};
  Readiness found = counted(wanted, count("updatedReplicas"), count("availableReplicas"));
  if (found.over() && count("replicas") > wanted) return {State::waiting, "old pods are ending"};
  return found;
}

Readiness job(const Value &object) {
  const Value &status = object.at("status");
  if (const Value *failed = condition(status, "Failed"); is(failed, "True"))
    return by(State::failed, "the Job failed", *failed);
  if (is(condition(status, "Complete"), "True")) return {};
  if (object.at("spec", "suspend").boolean()) return {State::warning, "the Job is suspended"};
  return {State::waiting, fmt::format("{} of {} succeeded", status.at("succeeded").number(),
                                      object.at("spec", "completions").number(1))};
}

Readiness pod(const Value &object) {
  const Pod now = pod_of(object);
  if (now.phase == "Succeeded" || now.ready()) return {};
  if (now.phase == "Failed") return {State::failed, "the pod failed", now.message};
  return {State::waiting, "the pod is not ready"};
}

Readiness claim(const Value &object) {
  const std::string phase = object.text("status", "phase");
  if (phase == "Bound") return {};
  if (phase == "Lost") return {State::failed, "its volume is lost"};
  return {State::waiting, "no volume is bound to it yet"};
}

Readiness address(const Value &object) {
  if (object.text("kind") == "Service" && object.text("spec", "type") != "LoadBalancer") return {};
  return object.at("status", "loadBalancer", "ingress").items().empty()
             ? Readiness{State::warning, "it has no address yet"}
             : Readiness{};
}

/// Whether a route's status of one parent is about this reference of its spec.
bool is_about(const Value &route, const Value &reference, const Value &parent) {
  const auto field = [&](const Value &of, std::string_view key) {
    const std::string text = of.text(key);
    return text.empty() && key == "namespace" ? route.text("metadata", key) : text;
  };
  for (const char *key : {"namespace", "name", "sectionName", "port"})
    if (field(reference, key) != field(parent.at("parentRef"), key)) return false;
  return true;
}

/// A route, by each Gateway that it names: one that it named before may have left its status.
Readiness route(const Value &object) {
  const auto &all = object.at("status", "parents").items();
  const auto &references = object.at("spec", "parentRefs").items();
  std::vector<Value> parents = references.empty() ? all : std::vector<Value>();
  std::string silent;
  for (const Value &reference : references) {
    const std::size_t known = parents.size();
    for (const Value &parent : all)
      if (is_about(object, reference, parent)) parents.push_back(parent);
    if (parents.size() == known) silent = reference.text("name");
  }
  if (parents.empty()) return {State::unknown, "no controller has looked at it"};
  for (const Value &parent : parents)
    for (const char *type : {"Accepted", "ResolvedRefs"}) {
      const Value *found = condition(parent, type);
      const std::string gateway = parent.text("parentRef", "name");
      if (is(found, "False") && !is_stale(object, *found))
        return by(State::failing, fmt::format("Gateway {}: {} is False", gateway, type), *found);
      if (!is(found, "True") || is_stale(object, *found))
        return {State::waiting, fmt::format("Gateway {} has not accepted it yet", gateway)};
    }
  if (silent.empty()) return {};
  return {State::waiting, fmt::format("Gateway {} has not looked at it yet", silent)};
}

Readiness autoscaler(const Value &object) {
  const Value *active = condition(object.at("status"), "ScalingActive");
  if (is(active, "False") && active->text("reason") != "ScalingDisabled")
    return by(State::warning, "it gets no metrics", *active);
  return {};
}

Readiness definition(const Value &object) {
  const Value &status = object.at("status");
  if (const Value *names = condition(status, "NamesAccepted"); is(names, "False"))
    return by(State::failing, "its names are taken", *names);
  return is(condition(status, "Established"), "True")
             ? Readiness{}
             : Readiness{State::waiting, "not established"};
}

Readiness api(const Value &object) {
  const Value *available = condition(object.at("status"), "Available");
  if (is(available, "True")) return {};
  return available ? by(State::waiting, "the API is not available", *available)
                   : Readiness{State::waiting, "the API is not available"};
}

/// By the conditions that most controllers write.
/// Source: kubernetes-sigs/cli-utils, kstatus, "Conditions"
Readiness custom(const Value &object) {
  const Value &status = object.at("status");
  if (is_stale(object)) return {State::waiting, "its controller has not looked at it yet"};
  for (const char *type : {"Failed", "Stalled"})
    if (const Value *found = condition(status, type);
        is(found, "True") && !is_stale(object, *found))
      return by(State::failing, fmt::format("{} is True", type), *found);
  bool told = false;
  for (const char *type : {"Ready", "Available", "Reconciled"}) {
    const Value *found = condition(status, type);
    if (found && is_stale(object, *found))
      return {State::waiting, "its controller has not looked at it yet"};
    if (found && !is(found, "True"))
      return by(State::waiting, fmt::format("{} is {}", type, found->text("status")), *found);
    told = told || found;
  }
  return {told ? State::done : State::unknown,
          told ? "" : "no condition tells whether it is ready"};
}

struct Rule {
  std::string_view kind;
  Readiness (*judge)(const Value &object);
};

constexpr Rule kRules[] = {
    {"Deployment", workload},
    {"StatefulSet", workload},
    {"DaemonSet", workload},
    {"Job", job},
    {"Pod", pod},
    {"PersistentVolumeClaim", claim},
    {"Service", address},
    {"Ingress", address},
    {"HorizontalPodAutoscaler", autoscaler},
    {"CustomResourceDefinition", definition},
    {"APIService", api},
};

} // namespace

Readiness readiness(const Value &object) {
  const std::string api_version = object.text("apiVersion"), kind = object.text("kind");
  if (kinds::group(api_version) == "gateway.networking.k8s.io" && kind.ends_with("Route"))
    return route(object);
  if (kinds::is_custom(api_version)) return custom(object);
  for (const Rule &rule : kRules)
    if (rule.kind == kind) return rule.judge(object);
  return {};
}

bool is_waited_for(const Value &object) {
  return object.text("metadata", "annotations", "hello/wait") != "false";
}

} // namespace hello::kube
