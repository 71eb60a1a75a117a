#pragma once
#include <span>
#include <vector>

#include "hello/deploy.h"

namespace hello::deploy {

/// A warning for each host and path of the set's Ingresses that another Ingress uses too: which of
/// the two gets the requests depends on the controller. Looks at all namespaces, or at the
/// release's own where the account may not; an account that may not even do that gets no warning.
/// Those of `left` that are ours are about to be removed, and do not count.
std::vector<event::Warning> shared_hosts(kube::Cluster &cluster, const Set &set,
                                         std::span<const release::Found> left);

} // namespace hello::deploy
