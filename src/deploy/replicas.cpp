#include "deploy/replicas.h"

#include <algorithm>

#include <fmt/core.h>

namespace hello::deploy {

bool settle_replicas(Plan &plan, const Options &options) {
  for (manifest::Object &object : plan.set) {
    if (object.kind != "Deployment") continue;
    const YAML::Node live = plan.live.at(release::id_of(object));
    if (!live.IsDefined() || live.IsNull()) return false;
    const std::string now = kube::value_at(live, ".spec.replicas"),
                      wish = kube::value_at(object.node, ".spec.replicas");
    const auto holders = kube::managers(live, {"f:spec", "f:replicas"});
    const auto holds = [&](std::string_view who) {
      return std::find(holders.begin(), holders.end(), who) != holders.end();
    };
    if (wish.empty()) {
      plan.keep_replicas = holds(release::kManager) && holders.size() == 1;
      return false;
    }
    if (now == wish || (!holds("kube-controller-manager") && !holds(release::kHandover)))
      return false;
    if (!options.keep_autoscaled) plan.take_replicas = wish;
    object.node.reset(YAML::Clone(object.node));
    object.node["spec"]["replicas"] = YAML::Clone(live["spec"]["replicas"]);
    return true;
  }
  return false;
}

void note_replicas(const Plan &plan, const kube::Id &id, std::vector<kube::Change> &changes) {
  if (id.kind != "Deployment") return;
  if (plan.keep_replicas)
    std::erase_if(changes, [](const kube::Change &one) { return one.path == "spec.replicas"; });
  if (plan.take_replicas)
    changes.push_back({"spec.replicas", kube::value_at(plan.live.at(id), ".spec.replicas"),
                       *plan.take_replicas, false});
}

std::string replicas_only(const kube::Id &id, std::int64_t count) {
  return fmt::format("{{\"apiVersion\":\"{}\",\"kind\":\"{}\",\"metadata\":{{\"name\":\"{}\","
                     "\"namespace\":\"{}\"}},\"spec\":"
                     "{{\"replicas\":{}}}}}",
                     id.api_version, id.kind, id.name, id.ns, count);
}

} // namespace hello::deploy
