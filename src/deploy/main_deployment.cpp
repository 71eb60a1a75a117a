#include "deploy/main_deployment.h"

namespace hello::deploy {

const kube::Object *main_deployment(const Set &set, const kube::Access &access) {
  const kube::Object *first = nullptr;
  for (const kube::Object &object : set) {
    if (object.id.kind != "Deployment") continue;
    if (object.id.name == access.release && object.id.ns == access.ns) return &object;
    if (!first) first = &object;
  }
  return first;
}

bool still_ours(kube::Cluster &cluster, const Applied &applied) {
  if (applied.deployment.empty()) return true;
  const kube::Live live =
      look_up(cluster, {"apps/v1", "Deployment", cluster.access().ns, applied.deployment});
  return live.present() && kube::deployment_of(live.value).template_text == applied.template_text;
}

} // namespace hello::deploy
