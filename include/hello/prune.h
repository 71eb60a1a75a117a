#pragma once
#include <span>
#include <string>
#include <vector>

#include "hello/history.h"

/// What is ours in the cluster and nobody else's: what may be removed.
namespace hello::deploy {

/// A kind of object that a set can have.
struct Kind {
  std::string_view api_version, kind;
};
/// The namespaced kinds that the settings can make, in the order people read them. Others come by
/// the history alone.
std::span<const Kind> own_kinds();

/// Why `object` is not to be removed by us: its field managers say that others made it, or hold it
/// too. Empty: it is ours. Pure. Source: kubernetes.io, Server-Side Apply, "Field management"
std::string foreign(const YAML::Node &object);

/// An object that was found.
struct Found {
  kube::Id id;
  YAML::Node live;
  std::string kept; ///< why it stays; empty: it is ours
};
inline constexpr std::string_view kNotHeld = "hello holds no field of it";

/// What an earlier release made and `set` no longer has: those of the history and those with our
/// label, each as it is in the cluster now. Never a Namespace, nor an entry of the history; a
/// Secret only with an empty `set`. Kinds that may not be read are left out. Throws
/// Error(Exit::cluster) if the cluster gives no answer.
std::vector<Found> leftovers(kube::Cluster &cluster, const Set &set,
                             const std::vector<Release> &history);

/// Removes what was found, if it is still the same object. Returns false if another stands in its
/// place by now. Throws Error(Exit::cluster) if the cluster refuses. Main thread.
bool remove(kube::Cluster &cluster, const Found &found, sys::Deadline deadline);

} // namespace hello::deploy
