#pragma once
#include <yaml-cpp/yaml.h>

#include "hello/config.h"

/// Values of the templates that come from settings which are maps or lists themselves. All throw
/// Error(Exit::invalid) for one of another form.
namespace hello::manifest {

/// A probe of the service at `path`, from the setting `key`; null if it is removed.
YAML::Node probe(const config::Config &config, std::string_view key, std::string_view path);

/// The Service's ports of the setting `ports`.
YAML::Node service_ports(const config::Config &config);

/// Those that the NetworkPolicy opens, as ports of a rule; null if there is none.
YAML::Node open_ports(const config::Config &config);

/// Rules and TLS of the Ingress, from the setting ingress.rules; null if it is empty.
YAML::Node ingress_rules(const config::Config &config);
YAML::Node ingress_tls(const config::Config &config);

/// A member of the container's security context, for containers beside it.
YAML::Node security(const config::Config &config, const char *member);

/// A peer of a NetworkPolicy: all pods of a namespace.
YAML::Node pods_of(const std::string &ns);

} // namespace hello::manifest
