#include <algorithm>

#include "check/context.h"
#include "hello/text.h"

namespace hello::check {
namespace {

bool tolerates(const json::Value &toleration, const json::Value &taint) {
  const std::string key = toleration.text("key"), effect = toleration.text("effect");
  if (!effect.empty() && effect != taint.text("effect")) return false;
  if (toleration.text("operator") == "Exists") return key.empty() || key == taint.text("key");
  return key == taint.text("key") && toleration.text("value") == taint.text("value");
}

/// Whether a node meets a requirement of a node affinity.
/// Source: kubernetes.io, "Assigning Pods to Nodes"
bool meets(const json::Value *value, const json::Value &requirement) {
  const std::string how = requirement.text("operator");
  if (how == "Exists" || how == "DoesNotExist") return (value != nullptr) == (how == "Exists");
  const auto &values = requirement.at("values").items();
  if (how == "Gt" || how == "Lt") {
    const auto is = value ? text::integer(value->text()) : std::nullopt,
               bound = values.empty() ? std::nullopt : text::integer(values[0].text());
    return is && bound && (how == "Gt" ? *is > *bound : *is < *bound);
  }
  const bool listed = value && std::any_of(values.begin(), values.end(), [&](const auto &one) {
                        return one.text() == value->text();
                      });
  return listed == (how == "In");
}

/// Whether the required node affinity of a pod, if it has one, lets it run on a node.
bool attracts(const json::Value &spec, const json::Value &node) {
  const json::Value &terms =
      spec.at("affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution")
          .at("nodeSelectorTerms");
  return terms.items().empty() ||
         std::any_of(terms.items().begin(), terms.items().end(), [&](const json::Value &term) {
           const auto &labels = term.at("matchExpressions").items(),
                      &fields = term.at("matchFields").items(); // metadata.name alone
           const auto label_met = [&](const json::Value &one) {
             return meets(node.at("metadata", "labels").find(one.text("key")), one);
           };
           const auto name_met = [&](const json::Value &one) {
             return meets(node.at("metadata").find("name"), one);
           };
           return !(labels.empty() && fields.empty()) &&
                  std::all_of(labels.begin(), labels.end(), label_met) &&
                  std::all_of(fields.begin(), fields.end(), name_met);
         });
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
  return attracts(spec, node);
}

std::optional<kube::Failure> list_nodes(Context &context, std::vector<Node> &nodes) {
  const json::Value spec = context.pod_spec();
  return context.cluster.list({"v1", "Node", ""}, [&](json::Value &&node) {
    if (admits(node, spec)) nodes.push_back(node_of(node));
  });
}

} // namespace hello::check
