#pragma once
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "hello/kube.h"

/// What kubectl and the API server print where all went well.
namespace hello::kube {

/// The version of a kubectl that is older than hello supports, from its `version -o=json`; empty if
/// it is new enough, or not known.
std::string too_old(std::string_view version);

/// Throws Error(Exit::cluster) if `json` is no JSON object. Members with the key `without` are left
/// out.
json::Value object_of(std::string_view json, std::string_view name, std::string_view without = {});

/// The same for an object of the API, which names its kind.
json::Value kubernetes_object_of(std::string_view json, std::string_view name);

/// The objects of `kubectl apply -o=json`: nothing, one, or a List. Throws as object_of().
std::vector<Object> objects_of(std::string_view json);

/// Gives the items of a list to `take` one by one. Throws as object_of().
void for_each_item(std::string_view json, std::string_view name, const TakeValue &take,
                   std::string_view without = {});

/// metadata.resourceVersion of a list, "0" if there is none. Throws as object_of().
std::string list_version(std::string_view json, std::string_view name);

/// What namespaces can have.
struct Resources {
  std::string listable;             ///< those that people make, as "deployments.apps", by commas
  std::set<std::string> namespaced; ///< "Deployment.apps"
};
/// Of the table of `kubectl api-resources --no-headers`.
Resources resources_of(std::string_view table);

/// Of rows "VERSION KIND NAME UID", then uids, versions and kinds of owners, each by commas.
std::vector<Occupant> occupants_of(std::string_view rows, const Resources &known);

} // namespace hello::kube
