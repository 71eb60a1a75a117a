#pragma once
#include "hello/deploy.h"

/// The one field that two managers share: spec.replicas, ours while there is no autoscaler and the
/// autoscaler's where there is. Neither switching it on nor off scales anything by itself. Source:
/// kubernetes.io, "Migrating Deployments and StatefulSets to horizontal autoscaling"; "Transferring
/// ownership".
namespace hello::deploy {

/// Looks at who holds replicas: sets keep_replicas if they pass to an autoscaler, and writes an
/// autoscaler's live count into the set (or take_replicas, where the user chose a number) if they
/// come back. Other workloads keep the count of whoever scales them. True if the set changed.
bool settle_replicas(kube::Cluster &cluster, Plan &plan, const Options &options);

/// Drops the change of replicas that a hand-over avoids, and adds the one that take_replicas makes.
void note_replicas(const Plan &plan, const kube::Access &access, const kube::Id &id,
                   std::vector<kube::Change> &changes);

/// A Deployment of nothing but its replicas, for the hand-over's own manager.
json::Value replicas_only(const kube::Id &id, std::int64_t count);

} // namespace hello::deploy
