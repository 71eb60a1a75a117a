#include "hello/top.h"

#include <map>

#include "hello/text.h"

namespace hello::kube {
namespace {

/// None as soon as one of the containers has no such value.
void add(std::optional<double> &sum, const json::Value &amounts, const char *key) {
  const auto amount = text::Quantity::parse(amounts.at(key).text());
  sum = sum && amount ? std::optional(*sum + amount->value()) : std::nullopt;
}

void add_container(Usage &usage, const json::Value &container) {
  const json::Value &requests = container.at("resources", "requests"),
                    &limits = container.at("resources", "limits");
  add(usage.cpu.request, requests, "cpu");
  add(usage.cpu.limit, limits, "cpu");
  add(usage.memory.request, requests, "memory");
  add(usage.memory.limit, limits, "memory");
}

Error no_metrics(const Failure &failure) {
  if (failure.absent())
    return {Exit::cluster, "the cluster has no metrics server",
            "an administrator installs it (see docs/metrics.md): kubectl apply -f "
            "https://github.com/kubernetes-sigs/metrics-server/releases/latest/download/"
            "components.yaml"};
  return {Exit::cluster, "the cluster's metrics server does not respond",
          "try: kubectl get apiservice v1beta1.metrics.k8s.io -o yaml; its status says why"};
}

} // namespace

std::optional<Usage> usage_of_pod(const json::Value &pod) {
  const std::string phase = pod.text("status", "phase");
  if (phase == "Succeeded" || phase == "Failed") return std::nullopt;
  Usage usage{pod.text("metadata", "name"), {std::nullopt, 0.0, 0.0}, {std::nullopt, 0.0, 0.0}};
  for (const json::Value &container : pod.at("spec", "containers").items())
    add_container(usage, container);
  for (const json::Value &container : pod.at("spec", "initContainers").items())
    if (container.text("restartPolicy") == "Always") // a sidecar
      add_container(usage, container);
  return usage;
}

void add_measurement(Usage &usage, const json::Value &metrics) {
  usage.cpu.used = usage.memory.used = 0.0;
  for (const json::Value &container : metrics.at("containers").items()) {
    add(usage.cpu.used, container.at("usage"), "cpu");
    add(usage.memory.used, container.at("usage"), "memory");
  }
}

std::vector<Usage> read_usage(Cluster &cluster, const std::string &selector) {
  const std::string &ns = cluster.access().ns;
  std::vector<Usage> all;
  std::map<std::string, std::size_t> places;
  if (const auto failure = cluster.list({"v1", "Pod", ns, selector}, [&](json::Value &&pod) {
        auto usage = usage_of_pod(pod);
        if (!usage) return;
        places[usage->pod] = all.size();
        all.push_back(std::move(*usage));
      }))
    throw explain(*failure, "read the pods", cluster.access());
  const auto failure = cluster.list(
      {"metrics.k8s.io/v1beta1", "PodMetrics", ns, selector}, [&](json::Value &&metrics) {
        const auto place = places.find(metrics.text("metadata", "name"));
        if (place != places.end()) add_measurement(all[place->second], metrics);
      });
  if (!failure) return all;
  if (failure->absent() || failure->trouble == Trouble::unreachable) throw no_metrics(*failure);
  throw explain(*failure, "read the pods' metrics", cluster.access());
}

} // namespace hello::kube
