// How many pods there are, where, and how they are replaced.
#include <algorithm>

#include <fmt/core.h>

#include "hello/text.h"
#include "manifest/lint/rules.h"
#include "manifest/logging.h"

namespace hello::manifest {
namespace {

std::int64_t number(const YAML::Node &node, std::int64_t otherwise) {
  return text::integer(text(node)).value_or(otherwise);
}

bool is_none(const YAML::Node &count) {
  const std::string value = text(count);
  return value == "0" || value == "0%";
}

/// "Deployment/NAME": what an autoscaler or a ScaledObject of KEDA scales.
std::string target_of(const Object &scaler) {
  const YAML::Node target = at(scaler.node, "spec", "scaleTargetRef");
  const std::string kind = text(target, "kind");
  return (kind.empty() ? "Deployment" : kind) + "/" + text(target, "name");
}

const Object *scaler_of(const Lint &lint, const Object &object, std::string_view kind) {
  for (const Object *scaler : lint.all(kind))
    if (scaler->ns == object.ns && target_of(*scaler) == object.kind + "/" + object.name)
      return scaler;
  return nullptr;
}

const Object *autoscaler_of(const Lint &lint, const Object &object) {
  return scaler_of(lint, object, "HorizontalPodAutoscaler");
}

/// The least number of pods that the object has.
std::int64_t least_pods(const Lint &lint, const Object &object) {
  if (const Object *scaler = autoscaler_of(lint, object))
    return number(at(scaler->node, "spec", "minReplicas"), 1);
  if (const Object *keda = scaler_of(lint, object, "ScaledObject"))
    return number(at(keda->node, "spec", "minReplicaCount"), 0);
  return number(at(object.node, "spec", "replicas"), 1);
}

void replicas(Lint &lint) {
  for (const Object *object : lint.all("Deployment")) {
    const Object *scaler = autoscaler_of(lint, *object);
    if (scaler && at(object->node, "spec", "replicas").IsDefined())
      lint.error(*object, "sets replicas, and an autoscaler does too: leave replicas out");
    if (!scaler && least_pods(lint, *object) < 2)
      lint.warning(*object, "fewer than 2 pods: if one node fails, the service is down");
  }
}

/// What the autoscaler divides by: without it, it knows no use.
void check_requests(Lint &lint, const Object &scaler, const std::string &resource) {
  const YAML::Node target = at(scaler.node, "spec", "scaleTargetRef");
  for (const Container &container : lint.containers) {
    const Object &object = *container.work->object;
    const bool ends = container.is_initial && text(container.node, "restartPolicy") != "Always";
    if (ends || object.kind != text(target, "kind") || object.name != text(target, "name"))
      continue;
    const std::string request = text(container.node, "resources", "requests", resource.c_str());
    const std::string limit = text(container.node, "resources", "limits", resource.c_str());
    // The API server makes a limit the request where there is none.
    const auto amount = text::Quantity::parse(request.empty() ? limit : request);
    if (!amount || *amount <= *text::Quantity::parse("0"))
      lint.error(scaler, fmt::format("it compares the use of {0} with the request, and container "
                                     "{1} requests none: set resources.requests.{0}",
                                     resource, container.name));
  }
}

/// KEDA makes an autoscaler of its own for what it scales.
void check_keda(Lint &lint) {
  for (const Workload &work : lint.workloads) {
    const Object *keda = scaler_of(lint, *work.object, "ScaledObject");
    if (!keda) continue;
    if (autoscaler_of(lint, *work.object))
      lint.error(*keda, "makes an autoscaler for what another one scales: set "
                        "autoscaling.enabled: false");
    else if (at(work.object->node, "spec", "replicas").IsDefined())
      lint.error(*work.object,
                 "sets replicas, and KEDA does too: leave replicas out (`replicas: null`)");
  }
}

void autoscaler(Lint &lint) {
  check_keda(lint);
  for (const Object *object : lint.all("HorizontalPodAutoscaler")) {
    const YAML::Node spec = at(object->node, "spec");
    for (const Object *other : lint.all(object->kind))
      if (other != object && other->ns == object->ns && target_of(*other) == target_of(*object))
        lint.error(*object,
                   fmt::format("HorizontalPodAutoscaler/{} scales {} too: Kubernetes then obeys "
                               "neither. Keep one",
                               other->name, target_of(*object)));
    for (const YAML::Node &metric : items(at(spec, "metrics")))
      if (text(metric, "resource", "target", "type") == "Utilization")
        check_requests(lint, *object, text(metric, "resource", "name"));
    const auto least = number(at(spec, "minReplicas"), 1);
    const auto most = number(at(spec, "maxReplicas"), 0);
    if (at(spec, "metrics").size() == 0) lint.error(*object, "has no metrics");
    if (most < least)
      lint.error(*object, "maxReplicas is less than minReplicas");
    else if (most == least)
      lint.warning(*object, "maxReplicas equals minReplicas: it can never scale");
    if (least < 2)
      lint.warning(*object,
                   "minReplicas is less than 2: if one node fails, the service can be down");
  }
  const Object *own = lint.find("Deployment", lint.config.text("name"));
  if (own && lint.config.boolean("autoscaling.enabled") && !autoscaler_of(lint, *own))
    lint.error(*own, "no HorizontalPodAutoscaler scales it");
}

/// Null if there is none. Where two select the same pods, Kubernetes evicts none of them.
const Object *budget_of(Lint &lint, const Workload &work) {
  const Object *found = nullptr;
  for (const Object *budget : lint.all("PodDisruptionBudget")) {
    if (budget->ns != work.object->ns ||
        at(budget->node, "spec", "selector", "matchExpressions").size() > 0 ||
        !selects(at(budget->node, "spec", "selector", "matchLabels"), work.labels))
      continue;
    if (found)
      lint.error(*budget, fmt::format("selects the same pods as PodDisruptionBudget/{}: Kubernetes "
                                      "then evicts none of them. Keep one",
                                      found->name));
    found = budget;
  }
  return found;
}

/// A number of pods, or a share of them, rounded up.
std::int64_t share_of(std::string count, std::int64_t pods) {
  if (!count.ends_with('%')) return text::integer(count).value_or(0);
  count.pop_back();
  return (text::integer(count).value_or(0) * pods + 99) / 100;
}

void check_budget(Lint &lint, const Object &budget, std::int64_t pods) {
  const YAML::Node spec = at(budget.node, "spec"), least = at(spec, "minAvailable"),
                   most = at(spec, "maxUnavailable");
  if (!least.IsDefined() && !most.IsDefined())
    lint.error(budget, "sets neither minAvailable nor maxUnavailable");
  // Kubernetes rounds both up.
  const std::int64_t free =
      least.IsDefined() ? pods - share_of(text(least), pods) : share_of(text(most), pods);
  if (free <= 0 && (least.IsDefined() || most.IsDefined()))
    lint.error(
        budget,
        fmt::format("with {} pod{} it never allows an eviction: their nodes cannot be drained{}",
                    pods, pods == 1 ? "" : "s",
                    text(least).ends_with('%') ? " (Kubernetes rounds up)" : ""));
  if (is_none(least) || (pods > 1 && free >= pods))
    lint.warning(budget, fmt::format("with {} pods it allows the eviction of all at once: set "
                                     "maxUnavailable: 1",
                                     pods));
  if (text(spec, "unhealthyPodEvictionPolicy") != "AlwaysAllow")
    lint.warning(
        budget,
        "unhealthyPodEvictionPolicy must be AlwaysAllow: otherwise a broken pod blocks a drain");
}

/// The cluster autoscaler keeps nodes whose pods have an emptyDir, unless they say otherwise.
void check_eviction(Lint &lint, const Workload &work) {
  const YAML::Node annotations =
      at(work.object->node, "spec", "template", "metadata", "annotations");
  if (lint.is_main(*work.object) && marks_safe_to_evict(lint.config) &&
      text(annotations, kSafeToEvict) != "true")
    lint.warning(*work.object,
                 fmt::format("the cluster autoscaler never removes the nodes of its "
                             "pods, which have an emptyDir: set the pod annotation {}",
                             kSafeToEvict));
}

void disruption(Lint &lint) {
  for (const Workload &work : lint.workloads) {
    const std::string &kind = work.object->kind;
    if (kind != "Deployment" && kind != "StatefulSet" && kind != "ReplicaSet") continue;
    check_eviction(lint, work);
    const std::int64_t pods = least_pods(lint, *work.object);
    if (pods < 1) continue;
    if (const Object *budget = budget_of(lint, work))
      check_budget(lint, *budget, pods);
    else if (kind == "Deployment" && pods > 1 && lint.config.boolean("podDisruptionBudget.enabled"))
      lint.error(*work.object, "no PodDisruptionBudget selects its pods");
  }
}

bool has_spread(const Workload &work, std::string_view key) {
  const auto all = items(at(work.spec, "topologySpreadConstraints"));
  return std::any_of(all.begin(), all.end(),
                     [&](const YAML::Node &one) { return text(one, "topologyKey") == key; });
}

bool keeps_off_own_node(const Workload &work) {
  const YAML::Node own = at(work.object->node, "spec", "selector", "matchLabels");
  const auto terms = items(at(work.spec, "affinity", "podAntiAffinity",
                              "preferredDuringSchedulingIgnoredDuringExecution"));
  return std::any_of(terms.begin(), terms.end(), [&](const YAML::Node &term) {
    const YAML::Node selector = at(term, "podAffinityTerm", "labelSelector", "matchLabels");
    return text(term, "podAffinityTerm", "topologyKey") == "kubernetes.io/hostname" &&
           selector.size() > 0 && selects(own, selector);
  });
}

/// Pods should be spread over nodes and zones, and keep off each other's node, unless the settings
/// say otherwise.
void spread(Lint &lint) {
  for (const Workload &work : lint.workloads) {
    if (work.object->kind != "Deployment" || !lint.is_main(*work.object)) continue;
    for (const char *key : {"kubernetes.io/hostname", "topology.kubernetes.io/zone"})
      if (lint.config.text("topologySpread") != "none" && !has_spread(work, key))
        lint.warning(*work.object, fmt::format("no topologySpreadConstraints for {}", key));
    if (!lint.config.has("affinity") && !keeps_off_own_node(work))
      lint.warning(*work.object, "no podAntiAffinity keeps its pods on separate nodes");
  }
}

void rollout(Lint &lint) {
  for (const Object *object : lint.all("Deployment")) {
    const YAML::Node strategy = at(object->node, "spec", "strategy");
    if (text(strategy, "type") != "RollingUpdate" ||
        !is_none(at(strategy, "rollingUpdate", "maxUnavailable")))
      lint.warning(*object, "its strategy stops pods before new ones are ready: use RollingUpdate "
                            "with maxUnavailable: 0");
  }
}

constexpr LintRule kRules[] = {
    {"replicas",
     "one pod is not enough, and each deploy of `replicas` would undo what an autoscaler did",
     replicas},
    {"autoscaler", "an autoscaler needs a metric, and a maximum above its minimum", autoscaler},
    {"disruption", "draining a node must neither stop all pods at once nor wait forever",
     disruption},
    {"spread", "pods on the same node or in the same zone fail together", spread},
    {"rollout", "a rollout must not leave fewer pods running than wanted", rollout},
};

} // namespace

std::span<const LintRule> scale_rules() { return kRules; }

} // namespace hello::manifest
