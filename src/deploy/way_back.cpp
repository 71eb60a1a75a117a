#include "deploy/way_back.h"

#include <algorithm>

#include <fmt/core.h>

#include "deploy/main_deployment.h"
#include "hello/owner.h"

namespace hello::deploy {
namespace {

/// The object in the set; null: it has none.
const kube::Object *find(const Set &set, const kube::Id &id) {
  const auto found = std::find_if(set.begin(), set.end(), [&](const kube::Object &object) {
    return release::identity(object.id) == release::identity(id);
  });
  return found == set.end() ? nullptr : &*found;
}

} // namespace

bool was_ready(const Plan &plan, const kube::Access &access) {
  kube::Snapshot then;
  const kube::Object *main = main_deployment(plan.set, access);
  for (const auto &[id, live] : plan.live) {
    if (!live.present()) continue;
    if (!main || id.ns != main->id.ns) continue;
    if (id == main->id) then.deployment = kube::deployment_of(live.value);
    if (id.kind != "HorizontalPodAutoscaler") continue;
    if (auto scaler = kube::autoscaler_of(live.value); scaler.target == main->id.name)
      then.autoscaler = std::move(scaler);
  }
  return then.deployment &&
         kube::judge(then, then.deployment->template_text, 0).state == kube::Verdict::State::done;
}

namespace {

/// An object that was there, as far as it was ours or was taken from others.
kube::Object as_it_was(const Plan &plan, const Applied &applied, const Options &options,
                       const kube::Access &access, const kube::Id &id) {
  const json::Value &before = plan.before(id).value;
  const std::string manager = release::holder_of(id, before, access);
  const bool taken = options.force_conflicts || plan.adopted.count(id);
  const auto later = taken ? applied.objects.find(id) : applied.objects.end();
  json::Value held = later == applied.objects.end() ? kube::owned(before, manager)
                                                    : kube::owned(before, manager, later->second);
  kube::Id then = id;
  then.api_version = held.text("apiVersion"); // its definition may have brought another
  return {then, std::move(held)};
}

} // namespace

std::optional<Set> held_before(const Plan &plan, const Applied &applied, const Options &options,
                               const kube::Access &access) {
  if (!was_ready(plan, access)) return std::nullopt;
  Set set;
  for (const Item &item : plan.items) {
    const kube::Live &before = plan.before(item.id);
    const bool still_there = // what is outside goes only after the rollout
        item.action == Item::Action::remove && release::is_outside(item.id, access);
    if (!before.present() || still_there) continue;
    set.push_back(as_it_was(plan, applied, options, access, item.id));
  }
  return set;
}

std::optional<Set> ready_before(kube::Cluster &cluster, const Plan &failed, const Set &set,
                                const Applied &applied, const Options &options) {
  const kube::Access &access = cluster.access();
  const std::string digest = release::digest_of(set);
  for (const release::Release &revision : failed.history) {
    if (revision.state != release::State::ready || revision.digest == digest) continue;
    auto found = release::find_set(cluster, revision);
    if (!found) continue;
    Set back;
    for (kube::Object &object : *found)
      if (object.id.ns == access.ns)
        back.push_back(std::move(object));
      else if (const kube::Object *ours = find(set, object.id))
        back.push_back(failed.before(object.id).present()
                           ? as_it_was(failed, applied, options, access, object.id)
                           : *ours);
    return back;
  }
  return std::nullopt;
}

std::vector<Item> made(const Plan &plan, const Set &before) {
  std::vector<Item> extra;
  for (const Item &item : plan.items)
    if (item.action == Item::Action::create && item.id.kind != "Namespace" &&
        item.id.kind != "Job" && !find(before, item.id))
      extra.push_back({Item::Action::remove, item.id, {}});
  return extra;
}

std::string what_runs(kube::Cluster &cluster, const Set &set) {
  const kube::Object *main = main_deployment(set, cluster.access());
  if (!main) return "";
  const auto live = cluster.read(main->id);
  if (!live) return "";
  const kube::Deployment now = kube::deployment_of(*live);
  std::string image;
  for (const json::Value &one : live->at("spec", "template", "spec", "containers").items())
    image += (image.empty() ? "" : ", ") + one.text("image");
  return fmt::format("\nwhat runs now: image {}, {} of {} pods available", image, now.available,
                     now.wanted);
}

bool autoscaled(const Set &set) {
  return std::all_of(set.begin(), set.end(), [](const kube::Object &object) {
    return object.id.kind != "Deployment" || !object.value.at("spec").find("replicas");
  });
}

} // namespace hello::deploy
