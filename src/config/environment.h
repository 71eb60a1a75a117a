#pragma once
#include <string_view>

namespace hello::config {

/// Whether Kubernetes sets such a variable for a Service called hello or hello-… while service
/// links are on. Source:
/// https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
bool is_service_link(std::string_view name, std::string_view value);

} // namespace hello::config
