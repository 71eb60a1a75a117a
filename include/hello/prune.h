#pragma once
#include <span>
#include <string>
#include <vector>

#include "hello/history.h"

/// What is ours in the cluster and nobody else's: what may be removed.
namespace hello::release {

/// Whether an object may be removed by us, or what speaks against it.
struct Ownership {
  enum class State {
    ours,
    not_held,     ///< hello applies no field of it
    applied_too,  ///< another manager applies it
    shared,       ///< another manager made it, or holds the same fields
    unreadable,   ///< the account may not read it
    secret,       ///< a Secret: the history could not bring it back
    extra_fields, ///< of a namespace: another manager holds fields of it
    unlisted,     ///< of a namespace: not everything in it could be listed
    in_use,       ///< of a namespace: others have made objects in it
  } state = State::ours;
  std::string who{}; ///< the other manager, or what others have made
  bool ours() const { return state == State::ours; }
};
/// "\"argocd\" applies it too"
std::string describe(const Ownership &ownership);

/// What the field managers of `object` tell. Pure. Source: kubernetes.io, Server-Side Apply, "Field
/// management"
Ownership owner_of(const json::Value &object);

/// An object that was found.
struct Found {
  kube::Id id;
  json::Value live; ///< null where it may not be read
  Ownership ownership{};
};

/// What an earlier release made and `set` no longer has: those of the history and those with our
/// label, each as it is in the cluster now. Never a Namespace, nor an entry of the history; a
/// Secret only with an empty `set`. Kinds that may not be read are left out. Throws
/// Error(Exit::cluster) if the cluster gives no answer.
std::vector<Found> leftovers(kube::Cluster &cluster, const Set &set,
                             const std::vector<Release> &history);

/// Removes what was found, if it is still the same object. Returns false if another stands in its
/// place by now. Throws Error(Exit::cluster) if the cluster refuses. Main thread.
bool remove(kube::Cluster &cluster, const Found &found, sys::Deadline deadline);

} // namespace hello::release
