#include "hello/prune.h"

#include <set>

#include <fmt/core.h>

#include "hello/fields.h"
#include "hello/kinds.h"
#include "hello/order.h"
#include "hello/releases.h"
#include "hello/text.h"
#include "release/set_marks.h"

namespace hello::release {
namespace {

constexpr int kAttempts = 5; ///< at an object that others change meanwhile

} // namespace

std::string why_kept(const Found &found, const kube::Access &access) {
  using State = Ownership::State;
  const State state = found.ownership.state;
  std::string text = describe(found.ownership);
  if (state != State::keep && state != State::data && state != State::secret &&
      state != State::only_marked)
    return text;
  const kube::Id &id = found.id;
  const std::string group = identity(id).group;
  return text + fmt::format("; to delete it: kubectl{}{} delete {}{}{}/{}",
                            access.context.empty() ? "" : " --context " + access.context,
                            id.ns.empty() ? "" : " --namespace " + id.ns, text::lower(id.kind),
                            group.empty() ? "" : ".", group, id.name);
}

namespace {

/// Looks for what may be left of earlier releases, each object once.
class Search {
public:
  Search(kube::Cluster &cluster, const Set &set, const std::vector<Release> &history)
      : cluster_(cluster), claims_(cluster.access(), history), set_marks_(cluster, history),
        purpose_(set.empty() ? Purpose::undeploy : Purpose::prune) {
    for (const kube::Object &object : set) known_.insert(identity(object.id));
  }

  /// An object that a release of the history has.
  void recorded(const kube::Id &id, const Release &release) { look(id, &release); }

  /// Those with the release's labels, in its namespace.
  void labelled(const kinds::Kind &kind) {
    std::vector<kube::Id> ids;
    const auto failure =
        cluster_.list({.api_version = std::string(kind.api_version),
                       .kind = std::string(kind.name),
                       .ns = cluster_.access().ns,
                       .labels = names::objects_selector(cluster_.access().release),
                       .detail = kube::Collection::Detail::metadata},
                      [&](json::Value &&item) {
                        ids.push_back({std::string(kind.api_version), std::string(kind.name),
                                       cluster_.access().ns, item.text("metadata", "name")});
                      });
    if (failure && !failure->absent() &&
        (failure->trouble != kube::Trouble::forbidden || kind.name == "Deployment"))
      throw kube::explain(*failure, fmt::format("list {}s", kind.name), cluster_.access());
    for (const kube::Id &id : ids) look(id, nullptr);
  }

  /// What the releases of a namespace share, whatever its labels.
  void shared() {
    const std::string &ns = cluster_.access().ns;
    look({"networking.k8s.io/v1", "NetworkPolicy", ns, std::string(names::kDefaultDeny)}, nullptr);
    look({"v1", "ResourceQuota", ns, std::string(names::kLimits)}, nullptr);
    look({"v1", "LimitRange", ns, std::string(names::kLimits)}, nullptr);
  }

  std::vector<Found> found() && { return std::move(found_); }

private:
  /// `release`: the newest that recorded it; null: none did.
  void look(const kube::Id &id, const Release *release) {
    const bool shared = is_shared(id, cluster_.access());
    if (!known_.insert(identity(id)).second || (shared && (id.kind == "Namespace" || !is_alone())))
      return;
    auto live = cluster_.read(id);
    if (live.failed_with(kube::Trouble::forbidden)) {
      if (!shared || set_marks_.had(id)) // no list has what is shared
        found_.push_back({id, {}, {Ownership::State::unreadable}});
      return;
    }
    if (!live && live.failure().absent()) return;
    if (!live) throw kube::explain(live.failure(), "read " + id.text(), cluster_.access());
    Ownership ownership = claims_.fate_of(id, *live, purpose_);
    if (ownership.ours() && (release || shared) && set_marks_.keep(id))
      ownership.state = Ownership::State::keep;
    if (live->at("metadata").find("deletionTimestamp")) {
      if (!ownership.ours()) return;
      // an undeploy waits for what an earlier one began to remove
      if (purpose_ == Purpose::prune) ownership.state = Ownership::State::going;
    }
    if (release || is_news(ownership)) found_.push_back({id, std::move(*live), ownership});
  }

  /// Whether an object that only its labels led to has to be spoken of.
  static bool is_news(const Ownership &ownership) {
    using State = Ownership::State;
    return ownership.state != State::not_held && ownership.state != State::other_release &&
           ownership.state != State::unmarked;
  }

  /// Whether no other release is in the namespace, by history, Deployment or what its Namespace
  /// says. What they share stays as long as one is.
  bool is_alone() {
    if (!alone_) {
      const auto ns = cluster_.read({"v1", "Namespace", "", cluster_.access().ns});
      alone_ =
          !has_others(cluster_) && (!ns || other_users(*ns, cluster_.access().release).empty());
    }
    return *alone_;
  }

  kube::Cluster &cluster_;
  Claims claims_;
  SetMarks set_marks_;
  Purpose purpose_;
  std::optional<bool> alone_;
  std::set<Identity> known_; ///< what the set has, then what was looked at
  std::vector<Found> found_;
};

/// Decides on the namespaces among what was found, which nothing of others may be in.
void settle_namespaces(kube::Cluster &cluster, std::vector<Found> &found,
                       const std::vector<Release> &history) {
  std::vector<Found> going;
  for (const Found &one : found)
    if (one.ownership.ours()) going.push_back({one.id, {}});
  for (Found &one : found)
    if (one.id.kind == "Namespace" && one.ownership.ours())
      one.ownership = fate_of_namespace(cluster, one.id, one.live, going, history);
}

} // namespace

std::vector<Found> leftovers(kube::Cluster &cluster, const Set &set,
                             const std::vector<Release> &history) {
  Search search(cluster, set, history);
  for (const Release &release : history)
    for (const auto *list : {&release.objects, &release.carried})
      for (const kube::Id &id : *list) search.recorded(id, release);
  for (const kinds::Kind &kind : kinds::all())
    if (kind.is(kinds::Kind::in_set)) search.labelled(kind);
  if (set.empty()) search.shared();
  std::vector<Found> found = std::move(search).found();
  settle_namespaces(cluster, found, history);
  return found;
}

void sort_for_removal(std::vector<Found> &found) {
  sort_items(found, [](const Found &a, const Found &b) { return rank(a.id) > rank(b.id); });
}

std::vector<kube::Id> new_outside(kube::Cluster &cluster, const Set &set,
                                  const std::vector<Release> &history) {
  const Claims claims(cluster.access(), history);
  std::set<Identity> running;
  if (const Release *live = live_release(history))
    for (const kube::Id &id : live->objects) running.insert(identity(id));
  const kube::Access &access = cluster.access();
  std::vector<kube::Id> found;
  for (const kube::Object &object : set) {
    const kube::Id &id = object.id;
    if (id.ns == access.ns) continue;
    const auto live = cluster.read(id);
    const bool shared = is_shared(id, access);
    if (shared && live && !claims.ours(id, *live)) continue; // used as it is
    // that the history names it proves nothing
    if (!live || !(shared || running.count(identity(id))) || !claims.owner_of(id, *live).ours() ||
        digest_of({{id, kube::owned(*live, holder_of(id, *live, access))}}) != digest_of({object}))
      found.push_back(id);
  }
  return found;
}

Ownership remove(kube::Cluster &cluster, const kube::Id &id, const std::string &uid,
                 const Decide &decide, sys::Deadline deadline, Dependents dependents) {
  using State = Ownership::State;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const auto live = cluster.read(id);
    if (live.failed_with(kube::Trouble::forbidden)) return {State::unreadable};
    if (!live && live.failure().absent()) return {};
    if (!live) throw kube::explain(live.failure(), "read " + id.text(), cluster.access());
    const json::Value &meta = live->at("metadata");
    const std::string now = meta.text("uid");
    if (!uid.empty() && now != uid) return {State::replaced};
    if (meta.find("deletionTimestamp")) return {};
    if (Ownership owner = decide(*live); !owner.ours()) return owner;
    const auto done = cluster.remove(
        id, {now, meta.text("resourceVersion"), dependents == Dependents::stay}, deadline);
    if (done || done.failure().absent()) return {};
    if (!done.failed_with(kube::Trouble::stale))
      throw kube::explain(done.failure(), "remove " + id.text(), cluster.access());
  }
  return {State::contested};
}

std::optional<std::string> remains(kube::Cluster &cluster, const kube::Id &id,
                                   const std::string &uid) {
  const auto live = cluster.read(id);
  if (!live && live.failure().absent()) return std::nullopt;
  if (!live) return ""; // unknown is not gone
  const json::Value &meta = live->at("metadata");
  if (!uid.empty() && meta.text("uid") != uid) return std::nullopt;
  std::string why;
  for (const json::Value &one : meta.at("finalizers").items())
    why += (why.empty() ? ", held by finalizer " : ", ") + std::string(one.text());
  if (id.kind == "Namespace")
    for (const json::Value &one : live->at("status", "conditions").items())
      if (one.text("type") == "NamespaceFinalizersRemaining" && one.text("status") == "True")
        why += ": " + one.text("message");
  return why;
}

Ownership remove_entry(kube::Cluster &cluster, const Release &release, sys::Deadline deadline) {
  return remove(
      cluster, {"apps/v1", "ControllerRevision", cluster.access().ns, release.name}, "",
      [](const json::Value &live) {
        return release_of(live) ? Ownership{} : Ownership{Ownership::State::not_held};
      },
      deadline);
}

} // namespace hello::release
