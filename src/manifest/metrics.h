#pragma once
#include <string>
#include <string_view>

#include <yaml-cpp/yaml.h>

#include "hello/config.h"
#include "hello/matchers.h"

/// Values of the templates in templates/metrics that are not plain settings. Their queries find the
/// release by its namespace and by the label `release` of hello_build_info.
namespace hello::manifest {

/// namespace_matchers(), and release="web".
std::string release_matchers(const config::Config &config);

/// Labels to group by, so that clusters stay apart: "cluster", and the keys of metrics.selector.
std::string by_labels(const config::Config &config);

/// Labels that all series of one pod share, whatever found it: "cluster, namespace, pod, …".
std::string join_labels(const config::Config &config);

/// Null if the release has no pods: HelloAbsent would always fire.
YAML::Node wants_pods(const config::Config &config);

/// The most pods that the autoscaler runs; null if it has no choice.
YAML::Node most_pods(const config::Config &config);

/// The container's CPU limit in thousandths of a core; null if it has none.
YAML::Node cpu_limit(const config::Config &config);

/// The dashboard's panels, each with its number and place.
YAML::Node panels(const config::Config &config);

/// A name that no other release's dashboard has.
YAML::Node dashboard_uid(const config::Config &config);

} // namespace hello::manifest
