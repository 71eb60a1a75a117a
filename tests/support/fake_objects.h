#pragma once
#include <string>
#include <string_view>

#include "hello/failure.h"
#include "hello/history.h"
#include "hello/json.h"

/// Short ways to write objects, sets and failures in tests.
namespace hello::test {

/// The object that a YAML text describes.
json::Value object(std::string_view yaml);

/// A set of the documents of a YAML text, in their order.
release::Set set_of(std::string_view yaml);

/// ConfigMap m (or NAME-m), and a Deployment with two replicas and a Service that have the
/// release's name, in namespace shop.
release::Set hello_set(const std::string &image = "hello:1", const std::string &release = "hello");

/// Adds a HorizontalPodAutoscaler of 3 to 9 pods and takes the replicas out of the Deployment.
release::Set autoscaled(release::Set set);

/// The object of a set that has this kind.
json::Value &in(release::Set &set, std::string_view kind);

/// A failure as the client reports it: retryable if there was no answer.
kube::Failure failure(kube::Trouble trouble, std::string words = "scripted");

inline const kube::Id kDeployment{"apps/v1", "Deployment", "shop", "hello"};
inline const kube::Id kConfigMap{"v1", "ConfigMap", "shop", "m"};
inline const kube::Id kService{"v1", "Service", "shop", "hello"};
inline const kube::Id kAutoscaler{"autoscaling/v2", "HorizontalPodAutoscaler", "shop", "hello"};
inline const kube::Id kNamespace{"v1", "Namespace", "", "shop"};

} // namespace hello::test
