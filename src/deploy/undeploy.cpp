#include "hello/undeploy.h"

#include <algorithm>
#include <optional>

#include <fmt/core.h>

#include "deploy/inventory.h"
#include "hello/lock.h"
#include "hello/text.h"

namespace hello::deploy {
namespace {

/// Waits until `left` says that nothing is there any more.
void await(kube::Cluster &cluster, const std::function<std::vector<std::string>()> &left,
           sys::Deadline deadline, const Listener &emit) {
  for (std::vector<std::string> noted;;) {
    const auto names = left();
    if (names.empty()) return;
    if (cluster.now() > deadline)
      throw Error(Exit::rollout, "still there at the time limit: " + release::shortened(names),
                  "something holds it, perhaps a finalizer: kubectl get it -o yaml; then hello "
                  "undeploy again, or --timeout");
    if (names != noted) {
      const std::string what = release::shortened(names);
      emit(event::Note{.text = "waiting until gone: " + what, .awaits = what + " to be gone"});
      noted = names;
    }
    cluster.sleep(std::chrono::milliseconds(250));
  }
}

/// Whether an earlier undeploy, or someone else, has begun to remove it.
bool is_going(const release::Found &found) {
  return found.live.at("metadata").find("deletionTimestamp");
}

/// The object that was found, with what holds it; none: it is gone.
std::optional<std::string> remains(kube::Cluster &cluster, const release::Found &found) {
  const auto left = release::remains(cluster, found.id, found.live.text("metadata", "uid"));
  if (!left) return std::nullopt;
  return found.id.text() + (left->empty() ? "" : fmt::format(" (being removed{})", *left));
}

std::vector<std::string> pods(kube::Cluster &cluster) {
  std::vector<std::string> names;
  const auto failure = cluster.list(
      {.api_version = "v1",
       .kind = "Pod",
       .ns = cluster.access().ns,
       .labels = names::pods_selector(cluster.access().release),
       .detail = kube::Collection::Detail::metadata},
      [&](json::Value &&pod) { names.push_back("Pod/" + pod.text("metadata", "name")); });
  if (failure && failure->retryable) names.emplace_back("its pods"); // unknown is not gone
  return names;
}

/// The release's own namespace, which no set lists.
void add_namespace(kube::Cluster &cluster, Removal &removal) {
  using State = release::Ownership::State;
  const kube::Id id{"v1", "Namespace", "", cluster.access().ns};
  kube::Live live = look_up(cluster, id);
  if (!live.present()) return;
  if (live.being_removed()) { // nothing in it can be kept any more
    const release::Claims claims(cluster.access(), removal.history);
    if (const release::Ownership owner = claims.owner_of(id, live.value); owner.ours())
      removal.namespaces.push_back({id, std::move(live.value), owner});
    return;
  }
  removal.noted = is_noted(live.value, cluster.access().release);
  const release::Ownership owner =
      release::fate_of_namespace(cluster, id, live.value, removal.remove, removal.history);
  if (owner.state != State::not_held && owner.state != State::unmarked)
    (owner.ours() ? removal.namespaces : removal.stay)
        .push_back({id, std::move(live.value), owner});
}

/// Those of `found` that are still there. The others are reported as removed, and go from the list.
std::vector<std::string> left_of(kube::Cluster &cluster, std::vector<release::Found> &found,
                                 const Listener &emit) {
  std::vector<std::string> left;
  std::erase_if(found, [&](const release::Found &one) {
    auto text = remains(cluster, one);
    if (!text) emit(event::Removed{one.id.text()});
    const bool gone = !text;
    if (text) left.push_back(std::move(*text));
    return gone;
  });
  return left;
}

/// Removes what was found, or says why it stays. Returns whether it goes.
bool remove_one(kube::Cluster &cluster, const release::Found &found, const release::Decide &decide,
                sys::Deadline deadline, const Listener &emit) {
  const release::Ownership owner =
      release::remove(cluster, found.id, found.live.text("metadata", "uid"), decide, deadline);
  if (!owner.ours())
    emit(event::Warning{found.id.text(),
                        "stays: " + release::why_kept({found.id, {}, owner}, cluster.access())});
  return owner.ours();
}

void remove_history(kube::Cluster &cluster, const std::vector<release::Release> &history,
                    sys::Deadline deadline) {
  for (const release::Release &release : history) release::remove_entry(cluster, release, deadline);
}

/// Whether what was found may go as it is now, once the rest of the removal is gone.
release::Decide fate_of(kube::Cluster &cluster, const release::Found &found,
                        const Removal &removal) {
  return [&](const json::Value &live) {
    return found.id.kind == "Namespace"
               ? release::fate_of_namespace(cluster, found.id, live, removal.remove,
                                            removal.history)
               : release::Claims(cluster.access(), removal.history)
                     .fate_of(found.id, live, release::Purpose::undeploy);
  };
}

/// Removes it all, in order.
void remove_all(kube::Cluster &cluster, const Removal &removal, sys::Deadline deadline,
                const Listener &emit) {
  std::vector<release::Found> removed, stay = removal.stay;
  for (const release::Found &found : removal.remove) {
    const bool goes = remove_one(cluster, found, fate_of(cluster, found, removal), deadline, emit);
    (goes ? removed : stay).push_back(found);
  }
  const bool serves_on = std::any_of(stay.begin(), stay.end(), [](const release::Found &one) {
    return one.id.kind == "Deployment";
  });
  await(
      cluster,
      [&] {
        std::vector<std::string> left = left_of(cluster, removed, emit);
        for (const std::string &pod : serves_on ? std::vector<std::string>() : pods(cluster))
          if (std::none_of(
                  left.begin(), left.end(), // a pod of its own has the labels too
                  [&](const std::string &one) { return (one + " ").starts_with(pod + " "); }))
            left.push_back(pod);
        return left;
      },
      deadline, emit);
  remove_history(cluster, removal.history, deadline);
  if (!removal.history.empty()) emit(event::HistoryRemoved{removal.history.size()});
  std::vector<release::Found> namespaces;
  for (const release::Found &found : removal.namespaces)
    if (is_going(found) ||
        remove_one(cluster, found, fate_of(cluster, found, removal), deadline, emit))
      namespaces.push_back(found);
  if (removal.noted && namespaces.empty()) forget_use(cluster);
  await(
      cluster, [&] { return left_of(cluster, namespaces, emit); }, deadline, emit);
}

} // namespace

Removal plan_removal(kube::Cluster &cluster) {
  Removal removal;
  removal.history = release::read_history(cluster).take("read the history", cluster.access());
  std::vector<release::Found> all = release::leftovers(cluster, {}, removal.history);
  std::reverse(all.begin(), all.end()); // what came last goes first
  release::sort_for_removal(all);
  for (release::Found &found : all)
    (found.ownership.ours() ? removal.remove : removal.stay).push_back(std::move(found));
  add_namespace(cluster, removal);
  return removal;
}

void undeploy(kube::Cluster &cluster, Removal removal, sys::Deadline deadline,
              const Listener &emit) {
  release::Lock lock(
      cluster,
      [&](const std::string &text) {
        emit(event::Warning{"", text});
      },
      [&](const std::string &text) { emit(event::Note{text}); });
  cluster.set_limit(deadline + std::chrono::seconds(1));
  // a namespace that is being removed takes no Lease
  const bool only_waits =
      !removal.namespaces.empty() &&
      std::all_of(removal.remove.begin(), removal.remove.end(), is_going) &&
      std::all_of(removal.namespaces.begin(), removal.namespaces.end(), is_going);
  if (!only_waits && lock.take() == release::Lock::Taken::after_wait)
    removal = plan_removal(cluster);
  remove_all(cluster, removal, deadline, emit);
  cluster.set_limit(sys::Deadline::max());
  lock.release();
}

} // namespace hello::deploy
