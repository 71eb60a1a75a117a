#pragma once
#include <string>
#include <string_view>

#include "hello/config.h"

namespace hello::manifest {

/// Matchers of a Prometheus query: namespace="shop", and those of metrics.selector. `ns` is the
/// setting that has the namespace.
std::string namespace_matchers(const config::Config &config,
                               std::string_view ns = "namespace.name");

} // namespace hello::manifest
