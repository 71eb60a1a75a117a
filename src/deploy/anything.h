#pragma once
#include "hello/deploy.h"
#include "hello/failure.h"

/// What a plan does about objects of which not every kind of set has any: definitions and what they
/// define, Jobs, claims, fields that cannot change.
namespace hello::deploy {

/// Looks for objects that are absent under a version which the set's definition brings as another
/// version of the same object.
void find_other_versions(kube::Cluster &cluster, Plan &plan);

/// A pod of its own, which is admitted only when its account is there; those of workloads wait.
bool is_pod(const kube::Id &id);

/// What the server says to one object of the set.
using CheckOne = std::function<kube::Result<kube::Answer>(const kube::Object &object)>;

/// Finds the objects of the plan whose kind or namespace the set itself brings, and those that the
/// server refuses as long as their definition is not as the set has it, or, for a pod, as long as
/// the account that it names is not there. `check` empty: it refuses none.
void find_unchecked(Plan &plan, const CheckOne &check);

/// Takes Jobs out of the plan's set that ran and are gone by their time to live, while their
/// manifest is as in the newest ready revision: they are done.
void settle_jobs(kube::Cluster &cluster, Plan &plan);

/// On the way to an earlier set: takes out definitions, claims and Jobs, which stay as they are,
/// and warns of those that differ.
void hold_back(Plan &plan);

/// Whether the object may be removed and made anew: hello/replace: "true". Throws
/// Error(Exit::invalid) for a kind whose data would go with it.
bool may_be_replaced(const kube::Object &object, const Options &options);
/// What replacing it means.
std::string replacement(const kube::Id &id);

/// "Deployment/hello: spec.selector cannot change", for each object that the words name.
Error immutable_error(const kube::Failure &failure);

/// Whether a webhook's pods are not there yet.
bool lacks_endpoints(const kube::Failure &failure);

/// A dry run, again while a webhook's pods are not there yet. A webhook that denies objects does
/// not name them: where one does, each object is checked alone, and the words name those it denies.
kube::Result<kube::Answer> check_set(kube::Cluster &cluster, const Set &set,
                                     const kube::ApplyOptions &how);

/// check_set() of what the set's own definitions and namespaces made possible only now: again
/// while the API server does not answer, or does not know a new kind yet.
kube::Result<kube::Answer> check_new(kube::Cluster &cluster, const Set &set,
                                     const kube::ApplyOptions &how);

/// Waits until the definitions among `applied` are established. Returns what keeps one from it: at
/// `deadline`, or after `grace` where the cluster says why.
std::optional<kube::Problem> await_definitions(kube::Cluster &cluster, const Set &applied,
                                               std::chrono::seconds grace, sys::Deadline deadline);

/// Removes an object that is to be made anew, and waits until it is gone. Throws
/// Error(Exit::cluster) if it is another's by now, or stays until `deadline`.
void remove_for_replacement(kube::Cluster &cluster, const Plan &plan, const kube::Id &id,
                            sys::Deadline deadline);

} // namespace hello::deploy
