#pragma once
#include <string>
#include <string_view>

#include "hello/kube.h"

/// Paths of the Kubernetes API. Source: kubernetes.io, "Kubernetes API Concepts", resource URIs
namespace hello::kube {

/// "/apis/apps/v1"
std::string group_path(std::string_view api_version);

/// "/apis/apps/v1/namespaces/hello/deployments" of "deployments"; `ns` may be empty.
std::string resource_path(std::string_view api_version, std::string_view resource,
                          std::string_view ns);

/// "/apis/apps/v1/namespaces/hello/deployments" of "Deployment"
std::string collection_path(std::string_view api_version, std::string_view kind,
                            std::string_view ns);

std::string object_path(const Id &id);

/// The collection's path with its selectors as a query.
std::string query_path(const Collection &collection);

} // namespace hello::kube
