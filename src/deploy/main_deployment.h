#pragma once
#include "hello/deploy.h"

namespace hello::deploy {

/// The Deployment of a set that serves: the one with the release's name, or else the first. Null:
/// the set has none.
const kube::Object *main_deployment(const Set &set, const kube::Access &access);

/// Whether the live Deployment is still the one that was applied.
bool still_ours(kube::Cluster &cluster, const Applied &applied);

} // namespace hello::deploy
