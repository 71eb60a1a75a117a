#include "deploy/conflicts.h"

#include <algorithm>

#include <fmt/core.h>

#include "deploy/adopt.h"

namespace hello::deploy {
namespace {

/// The object that a group of conflicts is about: kubectl does not name it. The one whose live
/// values are the other manager's and differ from ours in all those fields.
const kube::Object *about(const Plan &plan, const std::vector<kube::Conflict> &group) {
  for (const kube::Object &object : plan.set) {
    const kube::Live &live = plan.live.at(object.id);
    if (!live.present()) continue;
    const auto names = kube::managers(live.value, {});
    if (std::all_of(group.begin(), group.end(), [&](const kube::Conflict &one) {
          const std::string ours = kube::value_at(object.value, one.path);
          return !ours.empty() && ours != kube::value_at(live.value, one.path) &&
                 std::find(names.begin(), names.end(), one.manager) != names.end();
        }))
      return &object;
  }
  return nullptr;
}

} // namespace

Error conflict_error(const Plan &plan, const std::vector<std::vector<kube::Conflict>> &all) {
  std::string text = "other managers own fields that these manifests would change:";
  for (const auto &group : all) {
    const kube::Object *object = about(plan, group);
    if (object) text += "\n" + object->id.text();
    for (const kube::Conflict &one : group) {
      text += fmt::format("\n  {} is held by \"{}\"", one.path, one.manager);
      if (object && object->id.kind != "Secret")
        text += fmt::format(": {} there, {} here",
                            kube::value_at(plan.live.at(object->id).value, one.path),
                            kube::value_at(object->value, one.path));
    }
  }
  const Error conflict(Exit::cluster, text,
                       "pass --force-conflicts to take them over, or leave those fields out");
  if (plan.foreign.empty()) return conflict;
  const Error foreign = foreign_error(plan.foreign);
  return Error(Exit::cluster, text + "\n" + foreign.what(),
               conflict.hint() + "\n" + foreign.hint());
}

} // namespace hello::deploy
