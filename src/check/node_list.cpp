#include <algorithm>

#include "check/context.h"

namespace hello::check {
namespace {

bool tolerates(const json::Value &toleration, const json::Value &taint) {
  const std::string key = toleration.text("key"), effect = toleration.text("effect");
  if (!effect.empty() && effect != taint.text("effect")) return false;
  if (toleration.text("operator") == "Exists") return key.empty() || key == taint.text("key");
  return key == taint.text("key") && toleration.text("value") == taint.text("value");
}

Node node_of(const json::Value &object) {
  Node node{.name = object.text("metadata", "name")};
  node.cordoned = object.at("spec", "unschedulable").boolean();
  for (const json::Value &one : object.at("status", "conditions").items())
    if (one.text("type") == "Ready") node.ready = one.text("status") == "True";
  for (const json::Value &one : object.at("status", "addresses").items())
    if (one.text("type") == "InternalIP" && node.ip.empty()) node.ip = one.text("address");
  return node;
}

} // namespace

bool admits(const json::Value &node, const json::Value &spec) {
  const auto &tolerations = spec.at("tolerations").items();
  for (const json::Value &taint : node.at("spec", "taints").items()) {
    if (taint.text("effect") == "PreferNoSchedule" ||
        taint.text("key") == "node.kubernetes.io/unschedulable")
      continue;
    if (std::none_of(tolerations.begin(), tolerations.end(),
                     [&](const json::Value &one) { return tolerates(one, taint); }))
      return false;
  }
  for (const auto &[key, value] : spec.at("nodeSelector").members())
    if (node.text("metadata", "labels", key) != value.text()) return false;
  return true;
}

std::optional<kube::Failure> list_nodes(Context &context, std::vector<Node> &nodes) {
  const json::Value spec = context.pod_spec();
  return context.cluster.list({"v1", "Node", ""}, [&](json::Value &&node) {
    if (admits(node, spec)) nodes.push_back(node_of(node));
  });
}

} // namespace hello::check
