#include "deploy/replicas.h"

#include "deploy/main_deployment.h"

#include <algorithm>

namespace hello::deploy {

bool settle_replicas(Plan &plan, const Options &options, const kube::Access &access) {
  const kube::Object *main = main_deployment(plan.set, access);
  if (!main) return false;
  const auto found = plan.set.begin() + (main - plan.set.data());
  const std::string &release = access.release;
  const kube::Live &live = plan.live.at(found->id);
  if (!live.present()) return false;
  const auto holders = kube::managers(live.value, {"f:spec", "f:replicas"});
  const auto holds = [&](std::string_view who) {
    return std::find(holders.begin(), holders.end(), who) != holders.end();
  };
  const json::Value *wanted = found->value.at("spec").find("replicas");
  if (!wanted) {
    plan.keep_replicas = holds(names::manager(release)) && holders.size() == 1;
    return false;
  }
  const json::Value &now = live.value.at("spec", "replicas");
  if (json::canonical(now) == json::canonical(*wanted) ||
      (!holds("kube-controller-manager") && !holds(names::handover(release))))
    return false;
  if (!options.keep_autoscaled) plan.take_replicas = wanted->number();
  found->value["spec"]["replicas"] = now;
  return true;
}

void note_replicas(const Plan &plan, const kube::Access &access, const kube::Id &id,
                   std::vector<kube::Change> &changes) {
  const kube::Object *main = main_deployment(plan.set, access);
  if (!main || main->id != id) return;
  if (plan.keep_replicas)
    std::erase_if(changes, [](const kube::Change &one) { return one.path == "spec.replicas"; });
  if (plan.take_replicas)
    changes.push_back({"spec.replicas", kube::value_at(plan.live.at(id).value, ".spec.replicas"),
                       std::to_string(*plan.take_replicas), false});
}

json::Value replicas_only(const kube::Id &id, std::int64_t count) {
  json::Value object;
  object["apiVersion"] = json::string(id.api_version);
  object["kind"] = json::string(id.kind);
  object["metadata"]["name"] = json::string(id.name);
  object["metadata"]["namespace"] = json::string(id.ns);
  object["spec"]["replicas"] = json::integer(count);
  return object;
}

} // namespace hello::deploy
