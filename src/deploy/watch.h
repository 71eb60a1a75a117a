#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hello/deploy.h"
#include "hello/mirror.h"

namespace hello::deploy {

/// Events by the object that they are about. Three watches fill one snapshot, each its own part.
class EventSink final : public kube::Sink {
public:
  explicit EventSink(kube::Snapshot &snapshot) : snapshot_(snapshot) {}
  void clear() override;
  void put(const std::string &uid, const json::Value &object) override;
  void erase(const std::string &uid) override;

private:
  kube::Snapshot &snapshot_;
  std::map<std::string, std::string> about_; ///< an event's uid → the uid that it is about
};

/// Completes a crash with the last lines of the container's log.
void add_evidence(kube::Cluster &cluster, kube::Problem &problem);

/// One Deployment with all that belongs to it, kept up to date.
class Watch {
public:
  Watch(kube::Cluster &cluster, const Applied &applied);

  /// As Mirror::wait; asks for the state of nodes that pods seem to have been left alone on.
  bool wait(sys::Deadline deadline);
  /// All was read that may be read.
  bool complete() const { return mirror_->complete(); }
  bool offline() const { return mirror_->offline(); }
  /// Why something may not be watched that only adds to the reasons.
  const std::optional<Error> &refused() const { return refused_; }
  const kube::Snapshot &snapshot() const { return snapshot_; }

private:
  void note_refusals();
  void refresh();
  void look_at_nodes();

  kube::Cluster &cluster_;
  std::string deployment_, uid_;
  kube::Snapshot snapshot_;
  std::vector<kube::Deployment> deployments_;
  std::vector<kube::Autoscaler> autoscalers_;
  kube::Table<kube::Deployment> deployment_table_{deployments_, kube::deployment_of};
  kube::Table<kube::ReplicaSet> set_table_{snapshot_.replica_sets, kube::replica_set_of};
  kube::Table<kube::Pod> pod_table_{snapshot_.pods, kube::pod_of};
  kube::Table<kube::Autoscaler> autoscaler_table_{autoscalers_, kube::autoscaler_of};
  EventSink warnings_{snapshot_}, pulls_{snapshot_}, kills_{snapshot_};
  std::unique_ptr<kube::Mirror> mirror_; ///< after what it fills
  std::optional<Error> refused_;
  sys::Deadline nodes_next_{};
  /// Pod uid → since when it is bound and the kubelet says nothing.
  std::map<std::string, sys::Deadline> silent_since_;
};

} // namespace hello::deploy
