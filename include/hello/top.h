#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hello/kube.h"

/// What pods use, of what they request and may have.
namespace hello::kube {

struct Share {
  std::optional<double> used, request,
      limit; ///< cores or bytes; none: not measured yet, or not set
};
struct Usage {
  std::string pod;
  Share cpu, memory;
};

/// What a pod requests, and its limits; containers are added up. Set only if all containers of the
/// pod have one. None for a pod that has ended. Pure.
std::optional<Usage> usage_of_pod(const json::Value &pod);
/// Adds what was measured, a PodMetrics object. Pure.
void add_measurement(Usage &usage, const json::Value &metrics);

/// Reads both. Throws Error(Exit::cluster), which says how to get a metrics server where there is
/// none.
std::vector<Usage> read_usage(Cluster &cluster, const std::string &selector);

} // namespace hello::kube
