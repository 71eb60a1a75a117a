#include "check/context.h"
#include "hello/yaml.h"

namespace hello::check {
namespace {

/// What decides whether the user's service would run, and affects nothing outside the check. The
/// namespaces of the Ingress controller and of Prometheus belong to it: where they are wrong,
/// neither would reach the service.
constexpr std::string_view kTaken[] = {"image",
                                       "imagePullPolicy",
                                       "imagePullSecrets",
                                       "kubeVersion",
                                       "ingress.className",
                                       "gateway.parentRefs",
                                       "networkPolicy.ingressNamespace",
                                       "networkPolicy.monitoringNamespace",
                                       "networkPolicy.monitoringPods",
                                       "metrics.objectLabels",
                                       "nodeSelector",
                                       "tolerations",
                                       "affinity",
                                       "priorityClassName",
                                       "runtimeClassName",
                                       "resources.requests.cpu",
                                       "resources.requests.memory",
                                       "resources.requests.ephemeral-storage",
                                       "resources.limits.cpu",
                                       "resources.limits.memory",
                                       "resources.limits.ephemeral-storage",
                                       "securityContext",
                                       "podSecurityContext",
                                       "probes.startup",
                                       "probes.readiness",
                                       "probes.liveness"};

} // namespace

std::span<const std::string_view> taken_settings() { return kTaken; }

config::Config release_config(const config::Config &user, std::span<const Setting> own) {
  using Assignment = config::Assignment;
  config::Sources sources;
  sources.files = {"-"}; // an empty one, not ./hello.yaml
  for (const std::string_view key : kTaken) {
    if (user.origin(key).from == config::From::default_value) continue;
    const YAML::Node node = user.node(key);
    Assignment one{std::string(key), "", std::string(key), Assignment::How::unset};
    if (!node.IsNull()) {
      one.how = Assignment::How::typed;
      one.value = node.IsScalar() ? node.Scalar() : yaml::to_json(node);
    }
    sources.set.push_back(std::move(one));
  }
  for (const auto &[key, value] : own)
    sources.set.push_back({std::string(key), value, std::string(key), Assignment::How::typed});
  return config::Config::load(sources);
}

} // namespace hello::check
