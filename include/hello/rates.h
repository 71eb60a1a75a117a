#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hello/kube.h"

/// How many requests for the page pods answer, and how fast.
namespace hello::kube {

/// Of one pod. None: not known.
struct Rates {
  std::optional<double> requests, errors; ///< a second; errors: status 5xx
  std::optional<double> p50, p99;         ///< seconds
};
using RatesByPod = std::map<std::string, Rates>;

/// A Prometheus, and how it names things.
struct Prometheus {
  std::string url;      ///< http://…; NAME.NAMESPACE.svc is asked through the API server
  std::string selector; ///< of this release's namespace: namespace="shop"
  std::string pod_label, release_label; ///< "pod", "release"
};

/// The path through the API server of "http://prometheus.monitoring.svc:9090": the subresource
/// services/proxy. Empty if it is not the address of a Service.
std::string service_path(const std::string &url);

/// The series that a query gives. Throws Error(Exit::cluster) if it cannot be asked.
std::vector<json::Value> query(Cluster &cluster, const Prometheus &prometheus,
                               const std::string &promql);

struct Alert {
  std::string name, severity, pod; ///< pod: may be empty
  bool operator==(const Alert &) const = default;
};
/// The alerts that fire for a release; one that fires for two windows comes once. Throws as query()
/// does.
std::vector<Alert> firing_alerts(Cluster &cluster, const Prometheus &prometheus);

/// Over the last five minutes. Throws as query() does.
RatesByPod read_rates(Cluster &cluster, const Prometheus &prometheus);

/// What a pod's metrics count, for one moment.
struct Counters {
  double requests = 0, errors = 0;
  std::map<double, double> buckets; ///< upper bound in seconds → how many were at most so slow
};
/// From the text of /metrics. Pure.
Counters counters_of(std::string_view metrics);
/// What has happened between two moments. Pure.
Rates rates_between(const Counters &before, const Counters &after, double seconds);

/// Asks pods themselves, through port-forwards that stay open. Main thread.
class RateSampler {
public:
  static constexpr std::size_t kMost = 20; ///< pods that are asked

  explicit RateSampler(Cluster &cluster) : cluster_(cluster) {}
  /// Rates since the last call, or over the next two seconds. Pods that do not answer have none.
  RatesByPod sample(const std::vector<std::string> &pods);

private:
  struct Asked {
    std::unique_ptr<Forward> forward{};
    std::string address{};
    std::optional<Counters> counters{};
    sys::Deadline time{};
  };
  std::optional<Rates> ask(Asked &pod);

  Cluster &cluster_;
  std::map<std::string, Asked> pods_;
};

} // namespace hello::kube
