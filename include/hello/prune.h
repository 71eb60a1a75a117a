#pragma once
#include <functional>
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
    keep,         ///< it carries hello/keep: "true"
    data,         ///< of a kind that is never deleted
    replaced,     ///< another of that name has taken its place
    contested,    ///< it changed each time it was to be removed
  } state = State::ours;
  std::string who{}; ///< the other manager, what others have made, or the kind
  bool ours() const { return state == State::ours; }
};
/// "\"argocd\" applies it too"
std::string describe(const Ownership &ownership);

/// Whether `object` belongs to `release`, as its field managers tell. Pure. Source: kubernetes.io,
/// Server-Side Apply, "Field management"
Ownership owner_of(const json::Value &object, std::string_view release);

/// Why objects are removed: the set no longer has them, or the whole release goes.
enum class Purpose { prune, undeploy };

/// owner_of(), and what is never deleted though it is ours: kinds that hold data, what carries
/// hello/keep, and Secrets by pruning, because the history cannot bring them back. Pure.
Ownership fate_of(const kube::Id &id, const json::Value &live, Purpose purpose,
                  std::string_view release);

/// An object that was found.
struct Found {
  kube::Id id;
  json::Value live; ///< null where it may not be read
  Ownership ownership{};
};

/// What an earlier revision made and `set` no longer has: those of the history and those with the
/// labels of the cluster's release, each as it is in the cluster now. Never a Namespace, nor an
/// entry of the history; a Secret only with an empty `set`. Kinds that may not be read are left
/// out. Throws Error(Exit::cluster) if the cluster gives no answer.
std::vector<Found> leftovers(kube::Cluster &cluster, const Set &set,
                             const std::vector<Release> &history);

/// "hello holds no field of it"; for what is ours and stays, with the command that deletes it:
/// "…; to delete it: kubectl --context lab --namespace shop delete secret/s".
std::string why_kept(const Found &found, const kube::Access &access);

/// Whether an object may be removed as it is now.
using Decide = std::function<Ownership(const json::Value &live)>;

/// Removes an object: reads it, lets `decide` say whether it may go, and deletes exactly what was
/// read, by uid and resourceVersion. Where it changed in between, it reads and decides again, at
/// most five times. `uid`: the object that is meant; empty: whatever has the name. Ours: it is
/// gone, or on its way. Throws Error(Exit::cluster) if the cluster refuses. Main thread.
Ownership remove(kube::Cluster &cluster, const kube::Id &id, const std::string &uid,
                 const Decide &decide, sys::Deadline deadline);
/// The same for an entry of the history.
Ownership remove_entry(kube::Cluster &cluster, const Release &release, sys::Deadline deadline);

} // namespace hello::release
