#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hello/kube.h"

/// What pods use, of what they request and may have.
namespace hello::kube {

/// A Kubernetes quantity ("100m", "1.5", "128Mi", "2e3", "367143n") as a number; none if it is not
/// one. Source: kubernetes.io, API reference, Quantity
std::optional<double> quantity(std::string_view text);

struct Share {
  std::optional<double> used, request,
      limit; ///< cores or bytes; none: not measured yet, or not set
};
struct Usage {
  std::string pod;
  Share cpu, memory;
};

/// From the PodMetricsList and the PodList; containers are added up. A request or limit is set only
/// if all containers of the pod have one. Pods that have ended are left out. Pure.
std::vector<Usage> usage_of(const YAML::Node &metrics, const YAML::Node &pods);

/// Reads both. Throws Error(Exit::cluster), which says how to get a metrics server where there is
/// none.
std::vector<Usage> read_usage(Cluster &cluster, const std::string &selector);

} // namespace hello::kube
