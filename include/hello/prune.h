#pragma once
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "hello/owner.h"

/// What earlier revisions left in the cluster, and how it is removed.
namespace hello::release {

/// An object that was found.
struct Found {
  kube::Id id;
  json::Value live; ///< null where it may not be read
  Ownership ownership{};
};

/// What an earlier revision made and `set` no longer has: those of the history and those with the
/// labels of the cluster's release, each as it is in the cluster now. Never an entry of
/// the history, nor the release's own Namespace; a Secret only with an empty `set`. What is being
/// removed is `going`; with an empty `set` it is still ours. Kinds that may not be read are left
/// out. Throws Error(Exit::cluster) if the cluster gives no answer.
std::vector<Found> leftovers(kube::Cluster &cluster, const Set &set,
                             const std::vector<Release> &history);

/// Whether a namespace may be removed once `going`, which are ours, are gone: hello made it,
/// nothing marks it to stay, and no others use it. `history`: that of the release. Throws
/// Error(Exit::cluster) if the cluster gives no answer.
Ownership fate_of_namespace(kube::Cluster &cluster, const kube::Id &id, const json::Value &live,
                            const std::vector<Found> &going, const std::vector<Release> &history);

/// The first five, and how many more there are.
std::string shortened(const std::vector<std::string> &names);

/// What others need goes last.
void sort_for_removal(std::vector<Found> &found);

/// Objects of `set`, a set of the history, that are cluster-wide or in other namespaces, and not in
/// the cluster as objects of the live revision with the same values. More people may write the
/// history than may change those.
std::vector<kube::Id> new_outside(kube::Cluster &cluster, const Set &set,
                                  const std::vector<Release> &history);

/// "hello holds no field of it"; for what is ours and stays, with the command that deletes it:
/// "…; to delete it: kubectl --context lab --namespace shop delete secret/s".
std::string why_kept(const Found &found, const kube::Access &access);

/// Whether an object may be removed as it is now.
using Decide = std::function<Ownership(const json::Value &live)>;

/// What becomes of the objects that a removed one owns.
enum class Dependents { go, stay };

/// Removes an object: reads it, lets `decide` say whether it may go, and deletes exactly what was
/// read, by uid and resourceVersion. Where it changed in between, it reads and decides again, at
/// most five times. `uid`: the object that is meant; empty: whatever has the name. Ours: it is
/// gone, or on its way. Throws Error(Exit::cluster) if the cluster refuses. Main thread.
Ownership remove(kube::Cluster &cluster, const kube::Id &id, const std::string &uid,
                 const Decide &decide, sys::Deadline deadline,
                 Dependents dependents = Dependents::go);
/// What is left of an object that was removed: ", held by finalizer x", or the reason that a
/// namespace gives; may be empty. None: it is gone, or another has taken its place. `uid`: see
/// remove().
std::optional<std::string> remains(kube::Cluster &cluster, const kube::Id &id,
                                   const std::string &uid);
/// remove() for an entry of the history.
Ownership remove_entry(kube::Cluster &cluster, const Release &release, sys::Deadline deadline);

} // namespace hello::release
