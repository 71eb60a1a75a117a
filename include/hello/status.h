#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "hello/history.h"
#include "hello/lock.h"
#include "hello/readiness.h"
#include "hello/snapshot.h"

/// The state of a release: a tree of its objects with health and reasons.
namespace hello::deploy {

enum class Health { good, warning, waiting, bad }; ///< a warning is still healthy
std::string_view name_of(Health health);

/// What a release is doing, from best to worst. The last that applies counts.
enum class State {
  healthy,    ///< everything is as the release wants it
  restarting, ///< ready, but a container has restarted, and its pod is ready for under 10 minutes
  updating,   ///< a rollout goes on, or an object is not ready yet; no problem was found
  degraded,   ///< pods serve, but fewer than wanted outside of a rollout, or some have a problem
  failed,     ///< no pod serves, or another object of the release is missing or has failed
};
/// "healthy", "ready, restarting", "updating", "degraded", "failed"
std::string_view name_of(State state);

/// One object, or pod, of the tree.
struct StatusNode {
  Health health = Health::good;
  std::string object; ///< "Pod/hello-5d9-abcde"
  std::string text;   ///< its state, or why it is not healthy; may be empty
  std::vector<StatusNode> below{};
};

struct Status {
  Health health = Health::good; ///< the worst of all
  State state = State::healthy;
  std::string summary; ///< "2 of 2 pods available"
  std::string image;   ///< of the live Deployment
  std::optional<release::Release> release;
  std::vector<StatusNode> objects;
  bool healthy() const { return health == Health::good || health == Health::warning; }
};

/// What was read of a release.
struct Observation {
  std::string release; ///< its name
  std::vector<release::Release> history;
  std::map<kube::Id, kube::Live> objects; ///< those of the release that are missing are absent
  struct Unread {
    std::string what, rule; ///< a kind or an object, and the rule that would allow to read it
  };
  std::vector<Unread> unread;
  std::map<kube::Id, kube::Look> looks; ///< at the release's objects, its Deployment aside
  kube::Snapshot snapshot;              ///< its events may be left out where all pods are ready

  /// Nothing that makes a release is there; objects with its labels may be.
  bool empty() const { return history.empty() && !snapshot.deployment && snapshot.pods.empty(); }
};

/// Reads all that a status needs; a round of GETs. Throws Error(Exit::cluster) if the cluster gives
/// no answer. `pulse` is the same for all looks of a watch.
Observation observe(kube::Cluster &cluster, release::Pulse &pulse);

/// The verdict. `now` is for ages. Pure.
Status status_of(const Observation &observed, kube::Instant now);

/// "45s", "12m", "3h", "9d"
std::string age(kube::Instant from, kube::Instant to);

/// What `status --watch` watches, to look again when any of it changed.
std::vector<kube::Collection> watched(const kube::Access &access);

} // namespace hello::deploy
