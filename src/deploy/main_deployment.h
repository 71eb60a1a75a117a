#pragma once
#include <ctime>
#include <string>

#include "hello/deploy.h"

namespace hello::deploy {

/// The Deployment of a set that serves: the one with the release's name, or else the first. Null:
/// the set has none.
const kube::Object *main_deployment(const Set &set, const kube::Access &access);

/// Whether the live Deployment is still the one that was applied.
bool still_ours(kube::Cluster &cluster, const Applied &applied);

/// Throws Error(Exit::cluster) if a drill is active on it.
void check_drills(const Plan &plan, const kube::Access &access);

/// "drills during the rollout: …": those on the Deployment that lasted beyond `since`, in seconds
/// since 1970. Empty: none, or it cannot be read.
std::string drills_during(kube::Cluster &cluster, const std::string &deployment, std::time_t since);

} // namespace hello::deploy
