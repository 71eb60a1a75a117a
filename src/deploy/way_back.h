#pragma once
#include <optional>
#include <vector>

#include "hello/deploy.h"

/// What a failed rollout goes back to.
namespace hello::deploy {

/// Whether the Deployment was ready when the plan was made.
bool was_ready(const Plan &plan, const kube::Access &access);

/// What was there before, as far as it was ours or was taken from others: it can be applied again
/// without any history. Nothing unless the Deployment was ready then.
std::optional<Set> held_before(const Plan &plan, const Applied &applied, const Options &options,
                               const kube::Access &access);

/// The newest release of the history that was ready, unless it is the one that has just failed.
/// Of objects that are cluster-wide or in other namespaces, only those that the failed one has, and
/// as they were or as that has them: who may write the history must not gain anything there.
std::optional<Set> ready_before(kube::Cluster &cluster, const Plan &failed, const Set &set,
                                const Applied &applied, const Options &options);

/// What the failed release made and the one before had not.
std::vector<Item> made(const Plan &plan, const Set &before);

/// Whether the set leaves the number of replicas to an autoscaler.
bool autoscaled(const Set &set);

/// "\nwhat runs now: image hello:2, 1 of 2 pods available"; empty if it is not known.
std::string what_runs(kube::Cluster &cluster, const Set &set);

} // namespace hello::deploy
