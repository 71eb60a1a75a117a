#include "deploy/hosts.h"

#include <algorithm>
#include <map>

#include <fmt/core.h>

namespace hello::deploy {
namespace {

/// A host and path, and the controller that serves them.
struct Route {
  std::string host, path, controller; ///< controller: the class; empty: the cluster's default one
};

std::vector<Route> routes_of(const json::Value &ingress) {
  const std::string controller = ingress.text("spec", "ingressClassName");
  std::vector<Route> routes;
  for (const json::Value &rule : ingress.at("spec", "rules").items())
    for (const json::Value &path : rule.at("http", "paths").items())
      routes.push_back({rule.text("host"), path.text("path"), controller});
  return routes;
}

/// Whether one controller may get both. A class that is not named may be any.
bool meet(const Route &one, const Route &other) {
  return one.host == other.host && one.path == other.path &&
         (one.controller == other.controller || one.controller.empty() || other.controller.empty());
}

/// The Ingresses of all namespaces, or of this one.
void list_ingresses(kube::Cluster &cluster, const kube::TakeValue &take) {
  for (const std::string &ns : {std::string(), cluster.access().ns})
    if (!cluster.list({"networking.k8s.io/v1", "Ingress", ns}, take)) return;
}

} // namespace

std::vector<event::Warning> shared_hosts(kube::Cluster &cluster, const Set &set,
                                         std::span<const release::Found> left) {
  const auto leaves = [left](const kube::Id &id) {
    return std::any_of(left.begin(), left.end(), [&id](const release::Found &found) {
      return found.ownership.ours() && found.id == id;
    });
  };
  std::map<kube::Id, std::vector<Route>> ours;
  for (const kube::Object &object : set)
    if (object.id.kind == "Ingress") ours[object.id] = routes_of(object.value);
  std::vector<event::Warning> warnings;
  if (ours.empty()) return warnings;
  list_ingresses(cluster, [&](json::Value &&ingress) {
    const kube::Id its{"networking.k8s.io/v1", "Ingress", ingress.text("metadata", "namespace"),
                       ingress.text("metadata", "name")};
    if (ours.count(its) || leaves(its) || ingress.at("metadata").find("deletionTimestamp")) return;
    for (const Route &other : routes_of(ingress))
      for (const auto &[id, routes] : ours)
        for (const Route &route : routes)
          if (meet(route, other))
            warnings.push_back({id.text(), fmt::format("{}{} is used by Ingress/{} in namespace {} "
                                                       "too",
                                                       route.host, route.path, its.name, its.ns)});
  });
  return warnings;
}

} // namespace hello::deploy
