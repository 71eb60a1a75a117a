#pragma once
#include "hello/deploy.h"

namespace hello::deploy {

/// One Deployment with all that belongs to it, kept up to date.
class Watch {
public:
  Watch(kube::Cluster &cluster, const Applied &applied);

  /// As Mirror::wait; asks for the state of nodes that pods seem to have been left alone on.
  bool wait(sys::Deadline deadline);
  /// All was read that may be read.
  bool complete() const { return mirror_.complete(); }
  bool offline() const { return mirror_.offline(); }
  /// Why something may not be watched that only adds to the reasons.
  const std::optional<Error> &refused() const { return refused_; }
  const kube::Snapshot &snapshot() const { return snapshot_; }

  /// Completes a crash with the last lines of the container's log.
  void add_evidence(kube::Problem &problem);

private:
  void refresh();
  void look_at_nodes();

  kube::Cluster &cluster_;
  std::string deployment_;
  kube::Mirror mirror_;
  kube::Snapshot snapshot_;
  std::vector<unsigned long> seen_;
  std::optional<Error> refused_;
  sys::Deadline nodes_next_{};
  std::map<std::string, sys::Deadline>
      silent_since_; ///< pod uid → since when it is bound and the kubelet says nothing
};

} // namespace hello::deploy
