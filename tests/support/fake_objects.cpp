#include "support/fake_objects.h"

#include <algorithm>

#include "hello/kube.h"
#include "hello/yaml.h"

namespace hello::test {

json::Value object(std::string_view yaml) {
  return json::parse(yaml::to_json(yaml::load(yaml, "object")), "object");
}

namespace {

/// The YAML of objects of the release hello, for another one.
std::string renamed(std::string yaml, const std::string &release) {
  if (release == "hello") return yaml;
  const std::pair<std::string, std::string> changes[] = {
      {"{name: hello, namespace", "{name: " + release + ", namespace"},
      {"{name: m, namespace", "{name: " + release + "-m, namespace"},
      {"io/instance: hello", "io/instance: " + release}};
  for (const auto &[from, to] : changes)
    for (std::size_t at = 0; (at = yaml.find(from, at)) != yaml.npos; at += to.size())
      yaml.replace(at, from.size(), to);
  return yaml;
}

} // namespace

release::Set set_of(std::string_view yaml) {
  release::Set set;
  for (const YAML::Node &node : yaml::load_all(yaml, "set")) {
    json::Value value = json::parse(yaml::to_json(node), "set");
    kube::Id id = kube::id_of(value);
    set.push_back({std::move(id), std::move(value)});
  }
  return set;
}

release::Set hello_set(const std::string &image, const std::string &release) {
  release::Set set = set_of(renamed(R"(
apiVersion: v1
kind: ConfigMap
metadata: {name: m, namespace: shop, labels: {app.kubernetes.io/managed-by: hello, app.kubernetes.io/instance: hello}}
data: {MESSAGES: hi}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: hello, namespace: shop, labels: {app.kubernetes.io/managed-by: hello, app.kubernetes.io/instance: hello}}
spec:
  replicas: 2
  selector: {matchLabels: {app.kubernetes.io/name: hello, app.kubernetes.io/instance: hello}}
  template:
    metadata: {labels: {app.kubernetes.io/name: hello, app.kubernetes.io/instance: hello}}
    spec: {containers: [{name: hello, image: x}]}
---
apiVersion: v1
kind: Service
metadata: {name: hello, namespace: shop, labels: {app.kubernetes.io/managed-by: hello, app.kubernetes.io/instance: hello}}
spec: {type: ClusterIP, ports: [{name: http, port: 80, targetPort: http}]}
)",
                                    release));
  in(set, "Deployment")["spec"]["template"]["spec"] =
      object("{containers: [{name: hello, image: \"" + image + "\"}]}");
  return set;
}

release::Set autoscaled(release::Set set) {
  in(set, "Deployment")["spec"].erase("replicas");
  for (kube::Object &more : set_of(R"(
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: hello, namespace: shop, labels: {app.kubernetes.io/managed-by: hello, app.kubernetes.io/instance: hello}}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: hello}
  minReplicas: 3
  maxReplicas: 9
)"))
    set.push_back(std::move(more));
  return set;
}

json::Value &in(release::Set &set, std::string_view kind) {
  return std::find_if(set.begin(), set.end(),
                      [&](const kube::Object &one) { return one.id.kind == kind; })
      ->value;
}

kube::Failure failure(kube::Trouble trouble, std::string words) {
  kube::Failure failure;
  failure.trouble = trouble;
  failure.words = std::move(words);
  failure.retryable =
      trouble == kube::Trouble::unreachable || trouble == kube::Trouble::webhook_silent;
  return failure;
}

} // namespace hello::test
