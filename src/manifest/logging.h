#pragma once
#include <string>
#include <string_view>

#include <yaml-cpp/yaml.h>

#include "hello/config.h"

/// What the logging templates need beside plain settings: a collector's configuration is YAML
/// inside a ConfigMap's text.
namespace hello::manifest {

/// The template `file` filled in, as the text of a YAML document.
std::string collector_config(const config::Config &config, std::string_view file);

/// The container that stands beside the service (logging.sidecar).
YAML::Node sidecar(const config::Config &config);

/// The files that the node agent reads: those of logging.namespaces, or of all.
YAML::Node log_paths(const config::Config &config);

/// NetworkPolicy egress rules for logging.endpoint: the names, and the store itself. A store inside
/// the cluster is named by its namespace, for a policy sees the pod's port and not the Service's;
/// another one by address, or by port alone.
YAML::Node store_egress(const config::Config &config);

/// Throws Error(Exit::invalid) if an agent is wanted that does not know where to send to.
void check_logging(const config::Config &config, bool node_agent);

} // namespace hello::manifest
