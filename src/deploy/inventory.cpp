#include "deploy/inventory.h"

#include "hello/owner.h"

namespace hello::deploy {
namespace {

/// `value` null removes the annotation.
kube::Result<kube::Done> annotate(kube::Cluster &cluster, const json::Value &value) {
  json::Value change;
  change["metadata"]["annotations"][std::string(release::kUsedBy) + cluster.access().release] =
      value;
  return cluster.patch({"v1", "Namespace", "", cluster.access().ns}, json::to_text(change),
                       names::kSharedManager, cluster.now() + std::chrono::seconds(20));
}

} // namespace

std::vector<kube::Id> carried(const Plan &plan) {
  using State = release::Ownership::State;
  std::vector<kube::Id> ids;
  for (const Item &item : plan.items)
    if (item.action == Item::Action::remove) ids.push_back(item.id);
  for (const release::Found &found : plan.kept) {
    const State state = found.ownership.state;
    if (state != State::not_held && state != State::other_release && state != State::only_marked &&
        state != State::unmarked)
      ids.push_back(found.id);
  }
  return ids;
}

std::string needs_history(const Set &set, const kube::Access &access) {
  for (const kube::Object &object : set)
    if (object.id.kind == "Secret" || release::is_outside(object.id, access))
      return object.id.text();
  return "";
}

bool is_noted(const json::Value &ns, const std::string &release) {
  return ns.at("metadata", "annotations").find(std::string(release::kUsedBy) + release) != nullptr;
}

Noted note_use(kube::Cluster &cluster, const std::vector<release::Release> &history,
               const Listener &emit) {
  const kube::Access &access = cluster.access();
  const kube::Id id{"v1", "Namespace", "", access.ns};
  const auto warn = [&](const kube::Failure &failure, const std::string &doing) {
    emit(event::Warning{id.text(), "an undeploy of another release cannot see that this one uses "
                                   "the namespace: " +
                                       kube::explain(failure, doing, access).words()});
    return Noted::cannot;
  };
  const auto live = cluster.read(id);
  if (live.failed_with(kube::Trouble::forbidden)) return warn(live.failure(), "read " + id.text());
  if (!live || !release::Claims(access, history).ours(id, *live)) return Noted::cannot;
  if (is_noted(*live, access.release)) return Noted::before;
  if (const auto done = annotate(cluster, json::string("true")); !done)
    return warn(done.failure(), "annotate " + id.text());
  return Noted::now;
}

void forget_use(kube::Cluster &cluster) { annotate(cluster, {}); }

} // namespace hello::deploy
