#pragma once
#include "hello/deploy.h"

namespace hello::deploy {

/// The Deployment of a set that serves: the one with the release's name, or else the first. Null:
/// the set has none.
const kube::Object *main_deployment(const Set &set, const kube::Access &access);

} // namespace hello::deploy
