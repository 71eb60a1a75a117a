#pragma once
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "hello/json.h"

/// What the cluster says of one Deployment, as plain values, and the pure judges that make a
/// verdict of it.
namespace hello::kube {

using Instant = std::chrono::sys_seconds;

/// A container's end. Source: kubernetes.io, API reference, ContainerStateTerminated
struct End {
  int exit_code = 0, signal = 0;
  std::string reason, message;
};

struct Container {
  std::string name;
  bool init = false, ready = false, started = false, running = false;
  int restarts = 0;
  std::string waiting, message; ///< reason and words of the waiting state; empty: not waiting
  std::optional<End> ended, last_ended;
  std::string image_id; ///< set once the image is there
};

struct Condition {
  std::string type, status, reason, message;
  Instant since{};
};

struct Pod {
  std::string name, uid, node, phase, owner; ///< owner: uid of its ReplicaSet
  std::string reason, message; ///< why the kubelet or a controller ended it (Evicted, NodeLost, …)
  bool deleting = false;
  Instant created{};
  std::vector<Condition> conditions;
  std::vector<Container> containers; ///< init containers first
  const Condition *condition(std::string_view type) const;
  bool ready() const;
};

struct ReplicaSet {
  std::string name, uid;
  std::int64_t revision = 0, wanted = 0, replicas = 0;
  std::vector<Condition> conditions;
};

struct Deployment {
  std::string name, uid,
      template_text; ///< the pod template as JSON: tells whether it is still ours
  std::int64_t generation = 0, observed = 0, revision = 0;
  std::int64_t wanted = 1, replicas = 0, updated = 0, ready = 0, available = 0;
  bool paused = false;
  std::map<std::string, std::string> selector;
  std::vector<Condition> conditions;
};

struct Autoscaler {
  std::string name, target; ///< target: the Deployment's name
  std::int64_t min = 1, max = 1, current = 0, desired = 0;
  std::vector<Condition> conditions;
};

/// A Kubernetes Event.
struct Happening {
  std::string kind, name, uid; ///< of the object that it is about
  std::string id;              ///< its own uid
  std::string reason, message;
  bool warning = false;
  Instant time{};
  std::string container{}; ///< that is meant; may be empty
};

/// All of it at one time.
struct Snapshot {
  std::optional<Deployment> deployment;
  std::vector<ReplicaSet> replica_sets;
  std::vector<Pod> pods;
  std::optional<Autoscaler> autoscaler;
  std::map<std::string, std::vector<Happening>> events; ///< by the uid that they are about
  std::map<std::string, std::string> dead_nodes; ///< name → why; only those that were asked for

  void add(Happening event) { events[event.uid].push_back(std::move(event)); }
  /// The ReplicaSet of the Deployment's present template; null until the controller has made it.
  const ReplicaSet *current() const;
};

// From the API's objects. Fields that are missing take their defaults.
Deployment deployment_of(const json::Value &object);
ReplicaSet replica_set_of(const json::Value &object);
Pod pod_of(const json::Value &object);
Autoscaler autoscaler_of(const json::Value &object);
Happening happening_of(const json::Value &object);
/// Why a node cannot run pods; nothing if it is ready.
std::optional<std::string> node_trouble(const json::Value &object);
/// RFC 3339, "2026-11-23T04:00:00Z", with or without a fraction; 0 if it is not.
Instant instant_of(std::string_view text);

enum class Cause {
  image_pull,
  image_name,
  crash,
  config,
  start,
  probe,
  unschedulable,
  quota,
  refused,
  volume,
  node,
  paused,
  deadline,
  gate,      ///< a readiness gate
  not_ready, ///< of an object other than the release's pods
  failed     ///< the same, and it cannot heal
};
/// "ImagePull": how -o json names it.
std::string_view name_of(Cause cause);

/// One reason why it is not ready, with the cluster's own words.
struct Problem {
  Cause cause;
  std::string kind, name; ///< of the object: a Pod, a ReplicaSet, or the Deployment
  std::string container;  ///< where one is meant
  std::string what;       ///< "the image cannot be pulled"
  std::string evidence;   ///< the registry's, scheduler's, kubelet's words; may be empty
  bool fatal = false;     ///< cannot heal by itself
  bool restarts = false;  ///< a probe failed so often that the kubelet restarts the container
  std::optional<std::string> log{}; ///< of a crash: the last lines, once they were read

  std::string object() const { return kind + "/" + name; }
  /// The same for the same problem of another pod, or seen again.
  std::string key() const {
    const bool of_object = cause == Cause::not_ready || cause == Cause::failed;
    return std::string(name_of(cause)) + "/" + (of_object ? object() : container);
  }
};

/// How far a pod has come.
enum class Step { pending, scheduled, pulled, started, ready };
std::string_view name_of(Step step);
Step step_of(const Pod &pod, const Snapshot &snapshot);

struct Verdict {
  enum class State { waiting, done, superseded, gone } state = State::waiting;
  /// The controller has taken in what was applied. Until then status, revision and ReplicaSet are
  /// those of the template before.
  bool observed = false;
  std::int64_t wanted = 0, updated = 0, available = 0, old = 0;
  std::vector<Problem> problems; ///< the gravest first
};

/// Whether the rollout is done, and if not, why. `template_text` is the pod template that was
/// applied; `generation` the Deployment's generation after that. Pure.
Verdict judge(const Snapshot &snapshot, const std::string &template_text, std::int64_t generation);

/// What is wrong with one pod, if anything. Pure.
std::optional<Problem> judge_pod(const Pod &pod, const Snapshot &snapshot);

} // namespace hello::kube
