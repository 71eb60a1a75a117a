#pragma once
#include <span>
#include <string>
#include <vector>

#include <yaml-cpp/node/node.h>

#include "hello/config.h"

/// From configuration to the objects of a release. `render` prints and `deploy` applies what render_all() returns:
/// the same function, so the same bytes.
namespace hello::manifest {

/// One Kubernetes object.
struct Object {
  std::string api_version; ///< "apps/v1"
  std::string kind;
  std::string ns; ///< empty for cluster-wide kinds
  std::string name;
  YAML::Node node;
};

/// The whole set in apply order: Namespace, ServiceAccount, ConfigMap, …
/// Throws Error(Exit::invalid) if a template or a patch is wrong, or a value cannot be carried.
std::vector<Object> render_all(const config::Config &config);

/// One YAML stream, "---" between documents, the same bytes for the same configuration.
std::string to_yaml(std::span<const Object> objects);

} // namespace hello::manifest
