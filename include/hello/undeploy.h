#pragma once
#include <string>
#include <vector>

#include "hello/deploy.h"
#include "hello/prune.h"

/// Taking a release off the cluster: only what is ours.
namespace hello::deploy {

struct Removal {
  std::vector<release::Found> remove;     ///< in the order of removal
  std::vector<release::Found> stay;       ///< not ours, and why
  std::vector<release::Release> history;  ///< goes after them
  std::vector<release::Found> namespaces; ///< the release's own, if it may go: last
  bool noted = false;                     ///< the release's namespace says that it uses it
  bool empty() const { return remove.empty() && history.empty() && namespaces.empty(); }
};

/// What undeploy would remove. A namespace is removed only if we made it and all else in it is
/// ours, or what Kubernetes itself puts into each. Throws Error(Exit::cluster) if the cluster gives
/// no answer. Main thread.
Removal plan_removal(kube::Cluster &cluster);

/// Removes it and waits until it is gone, pods too. Holds the release's lock meanwhile. Killed at
/// any moment, the same again carries on: the history goes after the objects, the namespace last.
/// Throws Error(Exit::cluster) if the cluster refuses, Error(Exit::rollout) if something is still
/// there at `deadline`, naming it. Main thread.
void undeploy(kube::Cluster &cluster, Removal removal, sys::Deadline deadline,
              const Listener &emit);

} // namespace hello::deploy
