// How many pods there are, where, and how they are replaced.
#include <algorithm>

#include <fmt/core.h>

#include "hello/text.h"
#include "manifest/lint.h"

namespace hello::manifest {
namespace {

std::int64_t number(const YAML::Node &node, std::int64_t otherwise) {
  return text::integer(text(node)).value_or(otherwise);
}

bool is_none(const YAML::Node &count) {
  const std::string value = text(count);
  return value == "0" || value == "0%";
}

const Object *autoscaler_of(const Lint &lint, const Object &object) {
  for (const Object &candidate : lint.objects)
    if (candidate.kind == "HorizontalPodAutoscaler" &&
        text(candidate.node, "spec", "scaleTargetRef", "name") == object.name &&
        text(candidate.node, "spec", "scaleTargetRef", "kind") == object.kind)
      return &candidate;
  return nullptr;
}

void autoscaler(Lint &lint, const Object &object) {
  const YAML::Node spec = at(object.node, "spec");
  const auto least = number(at(spec, "minReplicas"), 1);
  const auto most = number(at(spec, "maxReplicas"), 0);
  if (at(spec, "metrics").size() == 0) lint.error("autoscaler", object, "has no metric");
  if (most < least)
    lint.error("autoscaler", object, "maxReplicas is less than minReplicas");
  else if (most == least)
    lint.warning("autoscaler", object, "maxReplicas is minReplicas: it can never scale");
  if (least < 2)
    lint.warning("autoscaler", object,
                 "minReplicas is less than 2: one node's end is the service's");
}

void budget(Lint &lint, const Workload &work, std::int64_t pods) {
  const auto found =
      std::find_if(lint.objects.begin(), lint.objects.end(), [&work](const Object &object) {
        return object.kind == "PodDisruptionBudget" && object.ns == work.object->ns &&
               selects(at(object.node, "spec", "selector", "matchLabels"), work.labels);
      });
  if (found == lint.objects.end()) {
    if (lint.config.boolean("podDisruptionBudget.enabled"))
      lint.error("disruption", *work.object, "no PodDisruptionBudget selects its pods");
    return;
  }
  const YAML::Node spec = at(found->node, "spec"), least = at(spec, "minAvailable"),
                   most = at(spec, "maxUnavailable");
  const bool share = text(least).ends_with('%');
  if (!least.IsDefined() && !most.IsDefined())
    lint.error("disruption", *found, "says neither minAvailable nor maxUnavailable");
  if (is_none(most) || text(least) == "100%" ||
      (least.IsDefined() && !share && number(least, 0) >= pods))
    lint.error("disruption", *found,
               fmt::format("never lets one of {} pods go: no node can be drained", pods));
  if (text(spec, "unhealthyPodEvictionPolicy") != "AlwaysAllow")
    lint.warning("disruption", *found,
                 "unhealthyPodEvictionPolicy is not AlwaysAllow: a broken pod stops a drain");
}

/// Pods should be spread over nodes and zones, and keep off each other's node, unless the user said
/// otherwise.
void spread(Lint &lint, const Workload &work) {
  if (work.object->name != "hello") return;
  if (lint.config.text("topologySpread") != "none")
    for (const char *key : {"kubernetes.io/hostname", "topology.kubernetes.io/zone"}) {
      const YAML::Node all = at(work.spec, "topologySpreadConstraints");
      if (std::none_of(all.begin(), all.end(),
                       [key](const auto &one) { return text(one, "topologyKey") == key; }))
        lint.warning("spread", *work.object,
                     fmt::format("no topologySpreadConstraint over {}", key));
    }
  if (lint.config.has("affinity")) return;
  const YAML::Node terms = at(work.spec, "affinity", "podAntiAffinity",
                              "preferredDuringSchedulingIgnoredDuringExecution");
  if (std::none_of(terms.begin(), terms.end(), [&work](const auto &term) {
        const YAML::Node selector = at(term, "podAffinityTerm", "labelSelector", "matchLabels");
        return text(term, "podAffinityTerm", "topologyKey") == "kubernetes.io/hostname" &&
               selector.size() > 0 &&
               selects(at(work.object->node, "spec", "selector", "matchLabels"), selector);
      }))
    lint.warning("spread", *work.object, "no podAntiAffinity keeps its pods off one node");
}

void deployment(Lint &lint, const Workload &work) {
  const Object &object = *work.object;
  const YAML::Node spec = at(object.node, "spec");
  const Object *scaler = autoscaler_of(lint, object);
  const bool fixed = at(spec, "replicas").IsDefined();
  if (scaler && fixed) lint.error("replicas", object, "has replicas beside an autoscaler");
  if (!scaler && object.name == "hello" && lint.config.boolean("autoscaling.enabled"))
    lint.error("autoscaler", object, "no HorizontalPodAutoscaler scales it");
  const std::int64_t pods =
      scaler ? number(at(scaler->node, "spec", "minReplicas"), 1) : number(at(spec, "replicas"), 1);
  if (!scaler && pods < 2)
    lint.warning("replicas", object, "less than 2 pods: one node's end is the service's");
  if (pods > 1) budget(lint, work, pods);

  if (text(spec, "strategy", "type") != "RollingUpdate" ||
      !is_none(at(spec, "strategy", "rollingUpdate", "maxUnavailable")))
    lint.warning("rollout", object, "its strategy takes pods away before new ones are ready");
  spread(lint, work);
}

} // namespace

void lint_scale(Lint &lint) {
  for (const Object &object : lint.objects)
    if (object.kind == "HorizontalPodAutoscaler") autoscaler(lint, object);
  for (const Workload &work : lint.workloads)
    if (work.object->kind == "Deployment") deployment(lint, work);
}

} // namespace hello::manifest
