// Settings that contradict each other.
#include <fmt/core.h>
#include <yaml-cpp/yaml.h>

#include "hello/text.h"
#include "manifest/values.h"

namespace hello::manifest {
namespace {

using config::Config;

bool is_empty(const Config &config, std::string_view key) { return config.node(key).size() == 0; }

void check_autoscaling(const Config &config) {
  if (!config.boolean("autoscaling.enabled")) return;
  if (config.integer("autoscaling.minReplicas") > config.integer("autoscaling.maxReplicas"))
    refuse(config, "autoscaling.minReplicas", "is more than autoscaling.maxReplicas");
  const bool external = config.has("autoscaling.external.metric");
  if (config.integer("autoscaling.cpu") == 0 && config.integer("autoscaling.memory") == 0 &&
      !config.has("autoscaling.requestsPerSecond") && !external &&
      !config.has("autoscaling.metrics"))
    refuse(config, "autoscaling.enabled", "is true, but no metric is set",
           "set autoscaling.cpu, .memory, .requestsPerSecond, .external or .metrics, or "
           "autoscaling.enabled: false");
  if (external &&
      config.has("autoscaling.external.value") == config.has("autoscaling.external.averageValue"))
    refuse(config, "autoscaling.external.metric",
           "needs one of autoscaling.external.value and .averageValue");
  for (const char *key : {"autoscaling.external.value", "autoscaling.external.averageValue"})
    if (external && text::Quantity::parse(config.text(key)) == text::Quantity::parse("0"))
      refuse(config, key, "is 0, which nothing can be divided by");
}

void check_limits(const Config &config) {
  if (config.boolean("podDisruptionBudget.enabled") &&
      !config.has("podDisruptionBudget.maxUnavailable") &&
      !config.has("podDisruptionBudget.minAvailable"))
    refuse(config, "podDisruptionBudget.maxUnavailable",
           "and .minAvailable are both removed: the budget needs one",
           "podDisruptionBudget: {enabled: false} for no budget");
  if (config.boolean("limitRange.enabled") && is_empty(config, "limitRange.limits"))
    refuse(config, "limitRange.limits", "has no limit", "limitRange: {enabled: false} for none");
}

void check_exposure(const Config &config) {
  const std::string expose = config.text("expose");
  if (expose == "gateway" && is_empty(config, "gateway.parentRefs"))
    refuse(config, "expose", "is gateway, but gateway.parentRefs names no Gateway",
           "gateway: {parentRefs: [{name: GATEWAY, namespace: NAMESPACE}]}");
  if (expose == "ingress" && is_empty(config, "ingress.hosts") && is_empty(config, "ingress.rules"))
    refuse(config, "expose", "is ingress, but ingress.hosts is empty");
  if (config.has("ingress.tls.issuer") && config.has("ingress.tls.clusterIssuer"))
    refuse(config, "ingress.tls.issuer",
           "is set as well as ingress.tls.clusterIssuer: only one can issue the certificate");
  if (config.text("service.clusterIP") == "None" &&
      (expose == "loadBalancer" || expose == "nodePort"))
    refuse(config, "service.clusterIP",
           fmt::format("is None, and a Service with expose: {} needs an address", expose));
  if (config.has("networkPolicy.ingressNamespace") &&
      (expose == "loadBalancer" || expose == "nodePort"))
    refuse(config, "networkPolicy.ingressNamespace",
           fmt::format("would keep everyone out with expose: {}, whose traffic comes from no pod",
                       expose));
}

/// The names of the add-on of `--with logging` are fixed.
void check_name(const Config &config) {
  const std::string name = config.text("name"), ns = config.text("namespace.name");
  if (name == "hello-logging" && ns == config.text("logging.namespace"))
    refuse(config, "name",
           fmt::format("is the name of the log agent's objects, and namespace {} is theirs: the "
                       "release would collide with them",
                       ns),
           "choose another name, or another namespace.name");
}

void check_account(const Config &config) {
  if (config.boolean("serviceAccount.create")) return;
  if (!config.has("serviceAccount.name"))
    refuse(config, "serviceAccount.create", "is false, but serviceAccount.name names no account",
           "serviceAccount: {create: false, name: ACCOUNT}");
  if (config.has("serviceAccount.annotations"))
    refuse(config, "serviceAccount.annotations",
           "would go nowhere: serviceAccount.create is false");
}

void check_rollout(const Config &config) {
  constexpr std::int64_t kDeadline = 600; // Kubernetes' own
  const std::int64_t deadline =
      config.has("progressDeadlineSeconds") ? config.integer("progressDeadlineSeconds") : kDeadline;
  if (config.integer("minReadySeconds") >= deadline)
    refuse(config, "minReadySeconds",
           "is not less than progressDeadlineSeconds: no rollout could be in time");
  const auto none = [&config](std::string_view key) {
    return config.has(key) && config.text(key).find_first_not_of("0%") == std::string::npos;
  };
  if (none("strategy.maxSurge") && none("strategy.maxUnavailable"))
    refuse(config, "strategy.maxSurge",
           "and strategy.maxUnavailable are both 0: no pod could ever be replaced");
}

} // namespace

void check_together(const Config &config) {
  check_autoscaling(config);
  check_limits(config);
  check_exposure(config);
  check_account(config);
  check_name(config);
  check_rollout(config);
}

} // namespace hello::manifest
