#include "deploy/way_back.h"

#include <algorithm>

#include "deploy/main_deployment.h"
#include "hello/owner.h"

namespace hello::deploy {
namespace {

bool has(const Set &set, const kube::Id &id) {
  return std::any_of(set.begin(), set.end(), [&](const kube::Object &object) {
    return release::identity(object.id) == release::identity(id);
  });
}

/// The field manager that holds what hello has of a live object: of what the releases of a
/// namespace share, it may still be that of 0.1.0.
std::string holder_of(const kube::Id &id, const json::Value &live, const kube::Access &access) {
  const std::string manager = release::manager_of(id, access);
  const bool held = !release::is_shared(id, access) || !kube::ownership(live, manager).empty();
  return held ? manager : names::manager(names::kDefault);
}

} // namespace

bool was_ready(const Plan &plan, const kube::Access &access) {
  kube::Snapshot then;
  const kube::Object *main = main_deployment(plan.set, access);
  for (const auto &[id, live] : plan.live) {
    if (!live.present()) continue;
    if (main && id == main->id) then.deployment = kube::deployment_of(live.value);
    if (id.kind == "HorizontalPodAutoscaler") then.autoscaler = kube::autoscaler_of(live.value);
  }
  return then.deployment &&
         kube::judge(then, then.deployment->template_text, 0).state == kube::Verdict::State::done;
}

std::optional<Set> held_before(const Plan &plan, const Applied &applied, const Options &options,
                               const kube::Access &access) {
  if (!was_ready(plan, access)) return std::nullopt;
  Set set;
  for (const Item &item : plan.items) {
    const kube::Live &before = plan.before(item.id);
    const bool still_there = // what is outside goes only after the rollout
        item.action == Item::Action::remove && release::is_outside(item.id, access);
    if (!before.present() || still_there) continue;
    const std::string manager = holder_of(item.id, before.value, access);
    const bool taken = options.force_conflicts || plan.adopted.count(item.id);
    const auto later = taken ? applied.objects.find(item.id) : applied.objects.end();
    set.push_back({item.id, later == applied.objects.end()
                                ? kube::owned(before.value, manager)
                                : kube::owned(before.value, manager, later->second)});
  }
  return set;
}

std::optional<Set> ready_before(kube::Cluster &cluster, const Plan &failed, const Set &set) {
  const std::string digest = release::digest_of(set);
  for (const release::Release &revision : failed.history) {
    if (revision.state != release::State::ready || revision.digest == digest) continue;
    auto found = release::find_set(cluster, revision);
    if (!found) continue;
    std::erase_if(*found, [&](const kube::Object &object) {
      return release::is_outside(object.id, cluster.access()) && !has(set, object.id);
    });
    return found;
  }
  return std::nullopt;
}

std::vector<Item> made(const Plan &plan, const Set &before) {
  std::vector<Item> extra;
  for (const Item &item : plan.items)
    if (item.action == Item::Action::create && item.id.kind != "Namespace" &&
        item.id.kind != "Job" && !has(before, item.id))
      extra.push_back({Item::Action::remove, item.id, {}});
  return extra;
}

bool autoscaled(const Set &set) {
  return std::all_of(set.begin(), set.end(), [](const kube::Object &object) {
    return object.id.kind != "Deployment" || !object.value.at("spec").find("replicas");
  });
}

} // namespace hello::deploy
