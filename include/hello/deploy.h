#pragma once
#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hello/fields.h"
#include "hello/history.h"
#include "hello/kube.h"
#include "hello/manifest.h"
#include "hello/snapshot.h"

/// Bringing a set of objects onto the cluster: plan, apply, wait with reasons, and back where it
/// fails. No lock and no state: the set and the cluster are all there is.
namespace hello::deploy {

/// What happens to one object.
struct Item {
  enum class Action { remove, create, change, adopt, same } action = Action::same;
  kube::Id id;
  std::vector<kube::Change>
      changes; ///< of a change; adopt: the values are as wished, but not held by us yet
};

/// What a deploy would do, by the server's own dry run.
struct Plan {
  std::vector<Item> items; ///< in apply order, removals first
  bool checked = true; ///< false: the namespace isn't there yet, so the server could check nothing
  bool keep_replicas =
      false; ///< we held replicas, the set leaves them to an autoscaler: hand them over first
  std::optional<std::string> take_replicas; ///< the autoscaler's count gives way to this one
  Set set;                                  ///< what is applied
  std::map<kube::Id, YAML::Node>
      live;                     ///< as it was found, removals too; null nodes for what isn't there
  std::vector<Release> history; ///< newest first; empty where it is lost
  std::vector<std::pair<kube::Id, std::string>>
      kept; ///< left by an earlier release, but not ours to remove, and why

  bool empty() const;
  std::string summary() const; ///< "1 new, 2 changed, 6 unchanged"
};

struct PodLine {
  std::string name, step, note;
  int restarts = 0;
  bool operator==(const PodLine &) const = default;
};

/// How far the rollout is, for a live view.
struct Progress {
  std::int64_t wanted = 0, updated = 0, available = 0, old = 0;
  std::vector<PodLine> pods; ///< of the new template
  bool operator==(const Progress &) const = default;
};

/// One thing that happened. `name` is what -o json calls it: target, plan, applied, progress, pod,
/// warning, problem, failed, rollback, ready, reachable, note.
struct Event {
  std::string name;
  std::string object; ///< "Pod/hello-5d9-abcde"; may be empty
  std::string text;   ///< for people; may have several lines
  std::vector<std::pair<std::string, std::string>> facts{};
  const Plan *plan = nullptr;         ///< of a plan; borrowed
  const Progress *progress = nullptr; ///< of a progress; borrowed
};
using Listener = std::function<void(const Event &)>;

struct Options {
  std::chrono::seconds timeout{300}; ///< for the whole wait, and again for the way back
  std::chrono::seconds grace{30};    ///< how long what may heal is borne
  bool force_conflicts = false;
  bool rollback = true;
  bool keep_autoscaled =
      true; ///< replicas were not chosen by the user: an autoscaler's count stays as it is
  std::vector<std::string> kubectl_args{}; ///< what stood after "--"
  bool verify = true;
  std::string verify_url{}; ///< empty: through a port-forward

  bool history = true; ///< look for what earlier releases left, and write this one down
  std::string note{};  ///< for the history: "rollback to 3"
};

/// The plan for `set`. Throws Error(Exit::cluster) if the cluster cannot be reached or refuses,
/// conflicts included: then field by field, with the other managers' names. What is on its way out
/// (its namespace, say) is waited for, and `tell` told so; the Error comes at once where that is
/// null.
Plan make_plan(kube::Cluster &cluster, const Set &set, const Options &options,
               const Listener *tell = nullptr);

/// What was applied, as far as the wait needs it.
struct Applied {
  std::string deployment; ///< name; empty: the set has none, so there is nothing to wait for
  std::string template_text;
  std::int64_t generation = 0;
  std::map<std::string, std::string> selector;
  std::map<kube::Id, YAML::Node> objects; ///< the server's answers; empty where nothing was applied
};

/// Applies the plan (hand-over of replicas, the whole set, then removals, so that what takes an old
/// one's place is there before that goes; an autoscaler goes first); an empty plan applies nothing.
/// An API server that is away for a while is waited for until `deadline`. Throws
/// Error(Exit::cluster) if the cluster refuses.
Applied apply(kube::Cluster &cluster, const Plan &plan, const Options &options,
              sys::Deadline deadline, const Listener &tell);

/// How a wait ended.
struct Outcome {
  enum class State { ready, failed, timed_out, superseded, gone } state = State::ready;
  std::vector<kube::Problem> problems; ///< evidence complete, the last log lines included
};

/// Waits until what was applied is ready, telling each step; ends early where it cannot get ready.
Outcome wait(kube::Cluster &cluster, const Applied &applied, const Options &options,
             const Listener &tell);

/// All of it: plan, apply, wait, back. Returns ok, or Exit::rollout.
Exit run(kube::Cluster &cluster, const Set &set, const Options &options, const Listener &tell);

/// Where the service can be reached, whether it answers there, and what will bite later. Returns
/// false if it does not answer.
bool look_after(kube::Cluster &cluster, const Set &set, const Options &options,
                const Listener &tell);

/// "ImagePull: …" as people read a problem: what, the words, the log.
std::string describe(const kube::Problem &problem);

} // namespace hello::deploy
