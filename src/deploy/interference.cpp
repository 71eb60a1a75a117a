#include "deploy/interference.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "hello/background.h"
#include "hello/fields.h"
#include "hello/owner.h"

namespace hello::deploy {
namespace {

/// When `manager` applied it last; empty: the server does not say.
std::string applied_at(const json::Value &object, const std::string &manager) {
  for (const json::Value &entry : object.at("metadata", "managedFields").items())
    if (entry.text("manager") == manager && entry.text("operation") == "Apply" &&
        !entry.find("subresource"))
      return entry.text("time");
  return "";
}

/// A manager whose fields are others than before; empty if one removed some of ours, which it need
/// not hold anything for; ours if no other's are.
std::string changed_by(const json::Value &applied, const json::Value &live,
                       const std::string &ours) {
  if (std::string taker = kube::taker(applied, live, ours); !taker.empty()) return taker;
  const auto &before = applied.at("metadata", "managedFields").items();
  std::string found = ours;
  for (const json::Value &entry : live.at("metadata", "managedFields").items()) {
    const std::string manager = entry.text("manager"), text = json::canonical(entry);
    const bool is_new = std::none_of(before.begin(), before.end(), [&](const json::Value &old) {
      return json::canonical(old) == text;
    });
    if (is_new && manager != ours && !entry.find("subresource")) found = manager;
  }
  const std::string time = applied_at(applied, ours);
  const bool lost = kube::ownership(applied, ours) != kube::ownership(live, ours);
  const bool by_another = lost && !time.empty() && time == applied_at(live, ours);
  return found == ours && by_another ? "" : found;
}

/// Whether `manager` holds the same fields with the same values in both.
bool same_to(const std::string &manager, const json::Value &a, const json::Value &b) {
  return json::canonical(kube::owned(a, manager)) == json::canonical(kube::owned(b, manager));
}

using Read = std::pair<kube::Id, kube::Result<json::Value>>;

/// Reads all at once, since people wait, but for what other releases may change.
std::vector<Read> read_all(kube::Cluster &cluster, const Applied &applied) {
  std::vector<Read> all;
  for (const auto &[id, answer] : applied.objects)
    if (!release::is_shared(id, cluster.access())) all.emplace_back(id, json::Value());
  std::vector<std::unique_ptr<sys::Background>> reads;
  reads.reserve(all.size());
  for (Read &one : all)
    reads.push_back(std::make_unique<sys::Background>(
        [&cluster, &one] { one.second = cluster.read(one.first); }));
  for (const auto &read : reads) read->finish();
  return all;
}

} // namespace

Interference interference(const json::Value &applied, const json::Value &live,
                          const std::string &ours) {
  const auto changes = kube::changes(kube::owned(applied, ours), kube::owned(live, ours, applied));
  std::string field; // a number of replicas may change as well
  for (const kube::Change &one : changes)
    if (field.empty() || field == "spec.replicas") field = one.path;
  return {changed_by(applied, live, ours), std::move(field)};
}

Taken taken_over(kube::Cluster &cluster, const Applied &applied) {
  const std::string manager = names::manager(cluster.access().release);
  Taken taken;
  for (const auto &[id, live] : read_all(cluster, applied)) {
    const bool main =
        id.kind == "Deployment" && id.name == applied.deployment && id.ns == cluster.access().ns;
    const bool gone = !live && live.failure().absent();
    if (gone ? id.kind == "Job" : !live) continue; // some go when they have run
    const json::Value &answer = applied.objects.at(id);
    if (gone ? main : same_to(manager, *live, answer)) continue;
    Interference by{manager, ""};
    if (!gone) by = interference(answer, *live, manager);
    const bool is_named = by.manager != manager && !by.field.empty();
    if (by.field == "spec.replicas" && (main || !is_named)) continue; // something scales it
    if (is_named)
      taken = {id.text(), std::move(by)};
    else if (!main && taken.by.field.empty())
      taken = {id.text(), {}};
  }
  return taken;
}

} // namespace hello::deploy
