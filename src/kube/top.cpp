#include "hello/top.h"

#include <cmath>
#include <cstdlib>
#include <map>

#include <fmt/core.h>

#include "hello/fields.h"
#include "hello/yaml.h"

namespace hello::kube {
namespace {

using yaml::at, yaml::text;

/// None as soon as one of the containers says nothing.
void add(std::optional<double> &sum, const YAML::Node &map, const char *key) {
  const auto value = map.IsDefined() && map.IsMap() ? quantity(text(map[key])) : std::nullopt;
  sum = sum && value ? std::optional(*sum + *value) : std::nullopt;
}

} // namespace

std::optional<double> quantity(std::string_view text) {
  static const std::map<std::string, double, std::less<>> units = {{"", 1},
                                                                   {"n", 1e-9},
                                                                   {"u", 1e-6},
                                                                   {"m", 1e-3},
                                                                   {"k", 1e3},
                                                                   {"M", 1e6},
                                                                   {"G", 1e9},
                                                                   {"T", 1e12},
                                                                   {"P", 1e15},
                                                                   {"E", 1e18},
                                                                   {"Ki", 1024},
                                                                   {"Mi", 1048576.0},
                                                                   {"Gi", 1073741824.0},
                                                                   {"Ti", 1099511627776.0},
                                                                   {"Pi", std::pow(2.0, 50)},
                                                                   {"Ei", std::pow(2.0, 60)}};
  const std::string whole(text);
  std::size_t at = whole.find_first_not_of("+-0123456789.");
  if (at == whole.npos) at = whole.size();
  if (at == 0 || whole.find_first_of("0123456789") >= at) return std::nullopt;
  std::string number = whole.substr(0, at), unit = whole.substr(at);
  if ((unit.starts_with("e") || unit.starts_with("E")) && unit.size() > 1 &&
      unit != "Ei") { // decimal exponent
    number = whole;
    unit.clear();
  }
  char *end = nullptr;
  const double value = std::strtod(number.c_str(), &end); // our locale is always "C"
  const auto factor = units.find(unit);
  if (*end != '\0' || factor == units.end()) return std::nullopt;
  return value * factor->second;
}

std::vector<Usage> usage_of(const YAML::Node &metrics, const YAML::Node &pods) {
  std::map<std::string, YAML::Node> measured;
  for (const YAML::Node &item : yaml::items(yaml::at(metrics, "items")))
    measured[text(item, "metadata", "name")].reset(item);
  std::vector<Usage> all;
  for (const YAML::Node &pod : yaml::items(yaml::at(pods, "items"))) {
    const std::string phase = text(at(pod, {"status", "phase"}));
    if (phase == "Succeeded" || phase == "Failed") continue;
    Usage usage{text(pod, "metadata", "name"), {std::nullopt, 0.0, 0.0}, {std::nullopt, 0.0, 0.0}};
    const auto containers = [&](const YAML::Node &list, bool sidecars_only) {
      for (const YAML::Node &container : list) {
        if (sidecars_only && text(container, "restartPolicy") != "Always") continue;
        const YAML::Node requests = at(container, {"resources", "requests"}),
                         limits = at(container, {"resources", "limits"});
        add(usage.cpu.request, requests, "cpu");
        add(usage.cpu.limit, limits, "cpu");
        add(usage.memory.request, requests, "memory");
        add(usage.memory.limit, limits, "memory");
      }
    };
    containers(pod["spec"]["containers"], false);
    containers(pod["spec"]["initContainers"], true);
    if (const auto found = measured.find(usage.pod); found != measured.end()) {
      usage.cpu.used = usage.memory.used = 0.0;
      for (const YAML::Node &container : yaml::items(yaml::at(found->second, "containers"))) {
        add(usage.cpu.used, container["usage"], "cpu");
        add(usage.memory.used, container["usage"], "memory");
      }
    }
    all.push_back(std::move(usage));
  }
  return all;
}

std::vector<Usage> read_usage(Cluster &cluster, const std::string &selector) {
  const std::string &ns = cluster.access().ns, query = "?labelSelector=" + query_value(selector);
  const Reply pods = cluster.get(collection_path("v1", "Pod", ns) + query);
  if (!pods.ok()) throw explain(pods, "read the pods", cluster.access());
  const Reply metrics =
      cluster.get("/apis/metrics.k8s.io/v1beta1/namespaces/" + ns + "/pods" + query);
  if (metrics.status == 404 || metrics.status == 503)
    throw Error(
        Exit::cluster,
        metrics.status == 404 ? "the cluster has no metrics server, so nobody measures its pods"
                              : "the cluster's metrics server does not answer",
        metrics.status == 404
            ? "an administrator installs it (see docs/metrics.md): kubectl apply -f "
              "https://github.com/kubernetes-sigs/metrics-server/releases/latest/download/"
              "components.yaml"
            : "try: kubectl get apiservice v1beta1.metrics.k8s.io -o yaml; its status says why");
  if (!metrics.ok()) throw explain(metrics, "read the pods' metrics", cluster.access());
  return usage_of(parse(metrics.body, "metrics"), parse(pods.body, "pods"));
}

} // namespace hello::kube
