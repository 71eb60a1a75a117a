#include "deploy/replicas.h"

#include "deploy/main_deployment.h"

#include <algorithm>

namespace hello::deploy {

namespace {

/// Whether it is an autoscaler of this object.
bool scales(const json::Value &object, const kube::Id &id) {
  const json::Value &target = object.at("spec", "scaleTargetRef");
  return target.text("kind") == id.kind && target.text("name") == id.name;
}

/// Whether an autoscaler of the set or of the cluster scales the object, or may.
bool is_scaled(kube::Cluster &cluster, const Set &set, const kube::Id &id) {
  bool scaled = std::any_of(set.begin(), set.end(), [&](const kube::Object &object) {
    return object.id.ns == id.ns && scales(object.value, id);
  });
  if (scaled) return true;
  const auto failure =
      cluster.list({"autoscaling/v2", "HorizontalPodAutoscaler", id.ns},
                   [&](json::Value &&object) { scaled = scaled || scales(object, id); });
  return scaled || failure.has_value();
}

/// Leaves the count of other workloads than `main` to their autoscalers.
bool settle_others(kube::Cluster &cluster, Plan &plan, const kube::Object *main) {
  bool changed = false;
  for (kube::Object &object : plan.set) {
    const kube::Live &live = plan.before(object.id);
    const auto holders = kube::managers(live.value, {"f:spec", "f:replicas"});
    const auto holds = [&](std::string_view who) {
      return std::find(holders.begin(), holders.end(), who) != holders.end();
    };
    const json::Value *wanted = object.value.at("spec").find("replicas");
    const bool scaled = wanted && holds("kube-controller-manager"),
               given_up = !wanted && holders.size() == 1 &&
                          holds(names::manager(cluster.access().release));
    if (&object == main || !(scaled || given_up) || !is_scaled(cluster, plan.set, object.id))
      continue;
    if (scaled)
      object.value["spec"].erase("replicas");
    else
      object.value["spec"]["replicas"] = live.value.at("spec", "replicas"); // else it became 1
    changed = true;
  }
  return changed;
}

/// The release's Deployment: see settle_replicas().
bool settle_main(Plan &plan, const kube::Object &main, const Options &options,
                 const kube::Access &access) {
  const auto found = plan.set.begin() + (&main - plan.set.data());
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
  if (options.force_conflicts || plan.adopted.count(found->id)) // the count may change meanwhile
    found->value["spec"].erase("replicas");
  else
    found->value["spec"]["replicas"] = now;
  return true;
}

} // namespace

bool settle_replicas(kube::Cluster &cluster, Plan &plan, const Options &options) {
  const kube::Object *main = main_deployment(plan.set, cluster.access());
  const bool changed = settle_others(cluster, plan, main);
  return (main && settle_main(plan, *main, options, cluster.access())) || changed;
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
