#include "cli/options/advice.h"

#include <algorithm>

#include <fmt/core.h>

#include "hello/nearest.h"

namespace hello::cli {
namespace {

/// A cluster on this machine, into which a tool loads images.
struct Local {
  std::string tool, name;
};

Local local_of_context(std::string_view context) {
  if (context.starts_with("kind-")) return {"kind", std::string(context.substr(5))};
  if (context.starts_with("k3d-")) return {"k3d", std::string(context.substr(4))};
  if (context == "minikube") return {"minikube", "minikube"};
  return {};
}

/// By a node's labels and provider: minikube names its profile, kind and k3d themselves.
Local local_of_node(const json::Value &node) {
  const std::string profile = node.text("metadata", "labels", "minikube.k8s.io/name");
  if (!profile.empty()) return {"minikube", profile};
  const std::string provider = node.text("spec", "providerID"); // kind://docker/NAME/NODE
  if (provider.starts_with("kind://")) {
    const std::size_t from = provider.find('/', 7) + 1;
    return {"kind", provider.substr(from, provider.find('/', from) - from)};
  }
  const std::string name = node.text("metadata", "name"); // k3d-NAME-server-0
  if (name.starts_with("k3d-") &&
      node.text("metadata", "labels", "node.kubernetes.io/instance-type") == "k3s") {
    const std::size_t end = std::min(name.rfind("-server-"), name.rfind("-agent-"));
    return {"k3d", name.substr(4, end == name.npos ? end : end - 4)};
  }
  return {};
}

Local local_of(kube::Cluster &cluster) {
  Local found = local_of_context(cluster.access().context);
  if (!found.tool.empty()) return found;
  cluster.list({"v1", "Node", ""}, [&](json::Value &&node) {
    if (found.tool.empty()) found = local_of_node(node);
  });
  return found;
}

} // namespace

void suggest_namespace(kube::Cluster &cluster) {
  const std::string &ns = cluster.access().ns;
  const auto there = cluster.read({"v1", "Namespace", "", ns});
  if (there || !there.failure().absent()) return;
  std::vector<std::string> names;
  cluster.list({"v1", "Namespace", ""},
               [&](json::Value &&one) { names.push_back(one.text("metadata", "name")); });
  const std::vector<std::string_view> known(names.begin(), names.end());
  say(fmt::format("namespace {} does not exist{}", ns, config::hint(config::nearest(ns, known))));
}

std::string pull_advice(kube::Cluster &cluster, const std::string &image) {
  const auto [tool, name] = local_of(cluster);
  if (tool == "kind") return fmt::format("kind load docker-image {} --name {}", image, name);
  if (tool == "minikube") return fmt::format("minikube image load {} --profile {}", image, name);
  if (tool == "k3d") return fmt::format("k3d image import {} --cluster {}", image, name);
  if (image.find('/') != image.npos)
    return fmt::format("check that the registry has {}; a private one needs imagePullSecrets",
                       image);
  return fmt::format("{} is a local name: push it to a registry that the nodes can reach, then "
                     "run 'hello deploy --image REGISTRY/{}'",
                     image, image);
}

std::string image_of(const release::Set &set, const std::string &container) {
  for (const kube::Object &object : set)
    if (object.id.kind == "Deployment")
      for (const char *list : {"containers", "initContainers"})
        for (const json::Value &one : object.value.at("spec", "template", "spec", list).items())
          if (one.text("name") == container) return one.text("image");
  return "";
}

} // namespace hello::cli
