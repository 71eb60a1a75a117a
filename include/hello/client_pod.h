#pragma once
#include <chrono>
#include <span>
#include <string>

#include "hello/json.h"

/// Pods that ask a service from inside the cluster: they run another command of the release's
/// image, under the same restrictions and on the same nodes as the release's pods.
namespace hello::release {

/// Six letters and digits, for names that no other run has.
std::string random_id();

/// A container for a client, made from the service's own in a pod's spec: its image, security
/// context, resources and /tmp, without environment, ports and probes.
json::Value client_container(const json::Value &pod_spec, std::span<const std::string> args);

/// The spec of a client's pod: without the release's account, volumes and other containers, without
/// a token, and started once. Kubernetes ends it after `longest`.
json::Value client_spec(const json::Value &pod_spec, json::Value container,
                        std::chrono::seconds longest);

} // namespace hello::release
