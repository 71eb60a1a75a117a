#include <set>

#include <fmt/core.h>

#include "hello/kinds.h"
#include "hello/prune.h"
#include "hello/status.h"

namespace hello::deploy {
namespace {

/// All reads of one status.
class Observer {
public:
  Observer(kube::Cluster &cluster, release::Pulse &pulse)
      : cluster_(cluster), pulse_(pulse), ns_(cluster.access().ns),
        release_(cluster.access().release) {}

  Observation run() {
    observed_.release = release_;
    read_history();
    read_objects();
    forget_unread();
    const release::Release *recorded = release::live_release(observed_.history);
    for (const auto &[id, live] : observed_.objects) {
      if (!live.present()) continue;
      const bool is_main = id.kind == "Deployment" && id.name == release_ && id.ns == ns_;
      if (recorded && !is_main && kube::is_waited_for(live.value))
        observed_.looks[id] = kube::look_closer(cluster_, id, live.value);
      if (is_main) observed_.snapshot.deployment = kube::deployment_of(live.value);
      if (id.kind != "HorizontalPodAutoscaler" || id.ns != ns_) continue;
      if (auto scaler = kube::autoscaler_of(live.value); scaler.target == release_)
        observed_.snapshot.autoscaler = std::move(scaler);
    }
    read_pods();
    return std::move(observed_);
  }

private:
  void read_history() {
    auto history = release::read_history(cluster_);
    if (history)
      set_history(std::move(*history));
    else if (history.failure().retryable)
      throw kube::explain(history.failure(), "read the history", cluster_.access());
    else
      note_unread("ControllerRevision", history.failure());
  }

  /// With what became of each revision.
  void set_history(std::vector<release::Release> history) {
    pulse_.set_status(cluster_, cluster_.access(), history);
    observed_.history = std::move(history);
  }

  void note_unread(std::string what, const kube::Failure &failure) {
    observed_.unread.push_back(
        {std::move(what), kube::explain(failure, "", cluster_.access()).hint()});
  }

  /// Nothing comes where there is no such kind or it may not be read. Of Deployments it must be
  /// known: without them all would look as if nothing were there. Returns whether it could list
  /// them.
  bool list(const kube::Collection &collection, const kube::TakeValue &take) {
    const auto failure = cluster_.list(collection, take);
    if (!failure) return true;
    if (failure->absent()) return false;
    if (failure->trouble != kube::Trouble::forbidden || collection.kind == "Deployment")
      throw kube::explain(*failure, fmt::format("read the {}s", collection.kind),
                          cluster_.access());
    note_unread(collection.kind, *failure);
    return false;
  }

  /// Objects of the release, and others with its labels.
  void read_objects() {
    std::set<std::pair<std::string, std::string>> wanted{
        {"apps/v1", "Deployment"}, {"autoscaling/v2", "HorizontalPodAutoscaler"}};
    if (const release::Release *live = release::live_release(observed_.history)) {
      for (const kube::Id &id : live->objects) {
        observed_.objects[id] = {};
        if (id.ns == ns_ && kinds::is(id.kind, kinds::Kind::in_set))
          wanted.insert({id.api_version, id.kind});
        else
          read_alone(id);
      }
    } else {
      for (const kinds::Kind &kind : kinds::all())
        if (kind.is(kinds::Kind::in_set)) wanted.emplace(kind.api_version, kind.name);
    }
    std::vector<kube::Id> unlabelled; // an extra manifest may have labels of its own
    for (const auto &one : wanted) {
      const bool listed = list(
          {one.first, one.second, ns_, names::objects_selector(release_)}, [&](json::Value &&item) {
            const kube::Id id{one.first, one.second, ns_, item.text("metadata", "name")};
            item["apiVersion"] = json::string(one.first); // items of a list have none
            item["kind"] = json::string(one.second);
            observed_.objects[id] = {kube::Live::State::present, std::move(item)};
          });
      for (const auto &[id, live] : observed_.objects)
        if (listed && !live.present() && id.ns == ns_ && id.kind == one.second)
          unlabelled.push_back(id);
    }
    for (const kube::Id &id : unlabelled) read_alone(id);
  }

  /// What is elsewhere, and kinds that an account may not be allowed to list, such as Secrets.
  void read_alone(const kube::Id &id) {
    auto found = cluster_.read(id);
    if (found) {
      observed_.objects[id] = {kube::Live::State::present, std::move(*found)};
    } else if (found.failed_with(kube::Trouble::forbidden)) {
      observed_.objects.erase(id);
      note_unread(id.text(), found.failure());
    } else if (!found.failure().absent()) {
      throw kube::explain(found.failure(), "read " + id.text(), cluster_.access());
    }
  }

  /// What may not be read is not missing.
  void forget_unread() {
    for (const auto &[what, rule] : observed_.unread)
      std::erase_if(observed_.objects, [&, &kind = what](const auto &one) {
        return one.first.kind == kind && !one.second.present();
      });
  }

  void read_pods() {
    kube::Snapshot &snapshot = observed_.snapshot;
    const std::string pods = names::pods_selector(release_);
    list({"apps/v1", "ReplicaSet", ns_, pods},
         [&](json::Value &&item) { snapshot.replica_sets.push_back(kube::replica_set_of(item)); });
    bool all_ready = true;
    list({"v1", "Pod", ns_, pods}, [&](json::Value &&item) {
      snapshot.pods.push_back(kube::pod_of(item));
      all_ready = all_ready && snapshot.pods.back().ready();
    });
    if (!all_ready)
      list({"v1", "Event", ns_},
           [&](json::Value &&item) { snapshot.add(kube::happening_of(item)); });
  }

  kube::Cluster &cluster_;
  release::Pulse &pulse_;
  const std::string &ns_, &release_;
  Observation observed_;
};

} // namespace

Observation observe(kube::Cluster &cluster, release::Pulse &pulse) {
  return Observer(cluster, pulse).run();
}

std::vector<kube::Collection> watched(const kube::Access &access) {
  std::vector<kube::Collection> all{{"v1", "Pod", access.ns, names::pods_selector(access.release)}};
  for (const kinds::Kind &kind : kinds::all())
    if (kind.is(kinds::Kind::watched))
      all.push_back({std::string(kind.api_version), std::string(kind.name), access.ns,
                     names::objects_selector(access.release)});
  return all;
}

} // namespace hello::deploy
