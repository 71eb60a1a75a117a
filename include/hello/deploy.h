#pragma once
#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hello/events.h"
#include "hello/fields.h"
#include "hello/history.h"
#include "hello/kube.h"
#include "hello/prune.h"
#include "hello/snapshot.h"

/// Bringing a set of objects onto the cluster: plan, apply, wait with reasons, and back where it
/// fails. No lock and no state: the set and the cluster are all there is.
namespace hello::deploy {

using release::Set;

/// What happens to one object.
struct Item {
  enum class Action { remove, create, change, replace, adopt, same } action = Action::same;
  kube::Id id;
  std::vector<kube::Change>
      changes; ///< of a change; adopt: the values are equal, but not held by us yet
};

/// An object of the set that has another owner.
struct Foreign {
  kube::Id id;
  std::string owner; ///< as its marks, labels and field managers tell
  std::string adopt; ///< what --adopt takes; empty: it cannot be adopted
};

/// What a deploy would do, by the server's own dry run.
struct Plan {
  std::vector<Item> items; ///< in apply order, removals first
  bool checked = true; ///< false: the namespace isn't there yet, so the server could check nothing
  bool keep_replicas =
      false; ///< we held replicas, the set leaves them to an autoscaler: hand them over first
  std::optional<std::int64_t> take_replicas; ///< the autoscaler's count gives way to this one
  Set set;                                   ///< what is applied, with the release's mark
  std::set<kube::Id> adopted;                ///< of the set: taken from their owners
  /// Of the set: new, and of a kind or in a namespace that the set brings, so that the server can
  /// check them only once that is there.
  std::set<kube::Id> unchecked;
  std::vector<Foreign> foreign;          ///< not of the set any more: others own them
  std::vector<std::string> notes;        ///< for people, once
  std::vector<event::Warning> warnings;  ///< what works, but perhaps not as intended
  std::map<kube::Id, kube::Live> live;   ///< as it was found; removals too
  std::vector<release::Release> history; ///< newest first; empty where it is lost
  std::vector<release::Found> kept;      ///< left by an earlier release, but not ours to remove

  /// The object as it was found; absent if it was not looked for.
  const kube::Live &before(const kube::Id &id) const;
  Item::Action action(const kube::Id &id) const; ///< same: it has no item
  bool empty() const;
  std::string summary() const; ///< "1 new, 2 changed, 6 unchanged"
};

struct Options {
  std::chrono::seconds timeout{300}; ///< up to the verdict
  std::chrono::seconds soak{0};      ///< how long a ready rollout is looked after
  std::chrono::seconds grace{30};    ///< how long a recoverable problem is tolerated
  bool force_conflicts = false;
  std::vector<std::string> adopt{}; ///< objects of others to take over; "all"
  std::set<kube::Id> unmarked{};    ///< applied without the release's mark: others own them
  std::set<kube::Id> replace{};     ///< removed and made anew where a field cannot change
  bool back = false; ///< to an earlier set: definitions, claims and Jobs stay as they are
  std::chrono::seconds rollback_timeout{300}; ///< for the whole way back
  /// The only plan that is applied, as lines_of() writes it; none: any plan.
  std::optional<std::vector<std::string>> approved{};
  bool with_drills = true; ///< also while a drill is active
  bool rollback = true;
  bool keep_autoscaled =
      true; ///< replicas were not chosen by the user: an autoscaler's count stays as it is
  std::vector<std::string> kubectl_args{}; ///< what stood after "--"
  bool verify = true;
  std::string verify_url{};    ///< where it is asked; empty: through a port-forward
  bool verify_exposed = false; ///< asked at the address that the cluster exposes
  bool through_forward() const { return verify_url.empty() && !verify_exposed; }

  bool history = true; ///< look for what earlier releases left, and write this one down
  std::string note{};  ///< for the history: "rollback to 3"
};

/// The plan for `set`. Throws Error(Exit::cluster) if the cluster cannot be reached or refuses,
/// conflicts included: then field by field, with the other managers' names; Error(Exit::usage) if
/// --adopt names what is not in the set. Waits for objects that
/// are being removed (the namespace, say), with a note to `emit`; where that is null, they are an
/// Error at once.
Plan make_plan(kube::Cluster &cluster, const Set &set, const Options &options,
               const Listener *emit = nullptr);

/// Objects that were removed and may still be there, with their uids.
using Going = std::map<kube::Id, std::string>;

/// What was applied, as far as the wait needs it.
struct Applied {
  std::string deployment; ///< name; empty: the set has none, so there is nothing to wait for
  std::string template_text;
  std::int64_t generation = 0;
  std::map<std::string, std::string> selector;
  std::map<kube::Id, json::Value> objects; ///< the server's answers; empty if none was applied
  std::vector<kube::Id> others;            ///< of the set, to be waited for besides the Deployment
  /// Why the cluster refuses what it could not check before: a failed rollout.
  std::optional<kube::Problem> refused{};
  Going going{};
  std::string uid{}; ///< of the Deployment
};

/// Applies the plan (hand-over of replicas, the whole set, then removals, so that what takes an old
/// one's place is there before that goes; an autoscaler goes first); an empty plan applies nothing.
/// An API server that is away for a while is waited for until `deadline`. Throws
/// Error(Exit::cluster) if the cluster refuses.
Applied apply(kube::Cluster &cluster, const Plan &plan, const Options &options,
              sys::Deadline deadline, const Listener &emit);

/// Makes the set's Namespace, and nothing else. Throws as apply() does.
void apply_namespace(kube::Cluster &cluster, const Plan &plan, const Options &options,
                     sys::Deadline deadline);

/// Removes what the plan says and apply() leaves until the rollout is ready: what is outside the
/// release's namespace, for a failed release does not bring that back. `going`: gets what is still
/// there. Throws as apply() does.
void remove_outside(kube::Cluster &cluster, const Plan &plan, Going &going, sys::Deadline deadline,
                    const Listener &emit);
/// Reports removals as they happen, and warns of what is still there after `time`. Returns
/// whether all are gone.
bool await_removals(kube::Cluster &cluster, Going going, std::chrono::seconds time,
                    const Listener &emit);

/// Waits until what was applied is ready, and reports each step; ends early where it cannot get
/// ready.
Outcome wait(kube::Cluster &cluster, const Applied &applied, const Options &options,
             const Listener &emit);

/// All of it: plan, apply, wait, back. Returns ok, or Exit::rollout.
Exit run(kube::Cluster &cluster, const Set &set, const Options &options, const Listener &emit);

/// Reports where the service can be reached, whether it answers there, and what needs attention
/// later. Returns false if it does not answer.
bool report(kube::Cluster &cluster, const Set &set, const Options &options, const Listener &emit);

} // namespace hello::deploy
