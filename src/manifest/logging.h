#pragma once
#include <string>
#include <string_view>

#include <yaml-cpp/yaml.h>

#include "hello/config.h"

/// Values of the logging templates that are not plain settings.
namespace hello::manifest {

/// The template `file` with its values, as YAML text: a ConfigMap holds it.
std::string collector_config(const config::Config &config, std::string_view file);

/// The container beside the service (logging.sidecar).
YAML::Node sidecar(const config::Config &config);

/// The files that the node agent reads: those of logging.namespaces, or all.
YAML::Node log_paths(const config::Config &config);

/// NetworkPolicy egress rules for DNS and logging.endpoint. A store in the cluster is given by its
/// namespace, without a port: a policy sees the pod's port, not the Service's. Another store is
/// given by its address, or by its port alone.
YAML::Node store_egress(const config::Config &config);

/// Whether the pods stay as 0.1 made them, for an upgrade that restarts none: by an old form of
/// logging.access, or an image of 0.1.
bool has_old_form(const config::Config &config);

/// Whether the pods get the annotation kSafeToEvict: not if they stay as 0.1 made them, or
/// podAnnotations has it.
inline constexpr const char *kSafeToEvict = "cluster-autoscaler.kubernetes.io/safe-to-evict";
bool marks_safe_to_evict(const config::Config &config);

/// Whether the image's service has --log-format: by its tag, not one of 0.1.
bool has_log_format(const config::Config &config);

/// Throws Error(Exit::invalid) if an agent is configured without an endpoint, or a sidecar without
/// an access log.
void check_logging(const config::Config &config, bool node_agent);

} // namespace hello::manifest
