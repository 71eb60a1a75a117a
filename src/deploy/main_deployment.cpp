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

} // namespace hello::deploy
