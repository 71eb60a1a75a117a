#pragma once
#include <span>
#include <string>
#include <vector>

#include <yaml-cpp/yaml.h> // not node.h: it declares inline functions that this defines

#include "hello/config.h"

/// Turns configuration into the objects of a release. `render` prints what render_all() returns,
/// and `deploy` applies it.
namespace hello::manifest {

/// One Kubernetes object.
struct Object {
  std::string api_version; ///< "apps/v1"
  std::string kind;
  std::string ns; ///< empty for cluster-wide kinds
  std::string name;
  YAML::Node node;

  Object() = default;
  Object(std::string api_version_, std::string kind_, std::string ns_, std::string name_,
         const YAML::Node &node_)
      : api_version(std::move(api_version_)), kind(std::move(kind_)), ns(std::move(ns_)),
        name(std::move(name_)), node(node_) {}
  Object(const Object &) = default;
  // Assigning a YAML::Node would change the document that copies share.
  Object &operator=(const Object &other) {
    api_version = other.api_version, kind = other.kind, ns = other.ns, name = other.name;
    node.reset(other.node);
    return *this;
  }
};

/// The whole set in apply order: Namespace, ServiceAccount, ConfigMap, …; patches applied. `with`
/// names add-ons that come after it, in a namespace of their own: "logging", a log agent on each
/// node. `warnings` receives the settings that were given and do nothing. Throws
/// Error(Exit::invalid) if a template or a patch is wrong, or settings contradict each other.
std::vector<Object> render_all(const config::Config &config, std::span<const std::string> with = {},
                               std::vector<std::string> *warnings = nullptr);

/// The account that a pipeline needs to deploy this configuration, with exactly the rights that it
/// uses, in its namespace: ServiceAccount, Role, RoleBinding. For an administrator to apply.
std::vector<Object> deployer(const config::Config &config);

/// Notes for the user, one a line, about what is not visible in the set, such as what an old
/// kubeVersion left out.
std::vector<std::string> notes(const config::Config &config);

/// One YAML stream, "---" between documents, the same bytes for the same configuration.
std::string to_yaml(std::span<const Object> objects);

/// The same as one JSON object: a List with items.
std::string to_json(std::span<const Object> objects);

} // namespace hello::manifest
