#include <fstream>
#include <iterator>

#include <doctest/doctest.h>

#include "cli/options/advice.h"
#include "support/fake_cluster.h"
#include "support/fixtures.h"

using namespace hello;
using namespace hello::test;

TEST_CASE("an image that the nodes do not have: each tool is known by the nodes that it makes") {
  std::ifstream in(fixture_path("nodes/nodes.json"));
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  const json::Value recorded = json::parse(text, "nodes.json");
  REQUIRE(recorded.items().size() == 4);
  for (const json::Value &one : recorded.items()) {
    FakeCluster cluster;
    cluster.api.put(object(R"({"apiVersion":"v1","kind":"Node","metadata":{"name":"other"}})"));
    cluster.api.put(one.at("node"));
    INFO(one.text("tool"));
    CHECK(cli::pull_advice(cluster, "hello:no-such").find(one.text("advice")) == 0);
  }
}

TEST_CASE("an image that the nodes do not have: the command of the tool that runs the cluster") {
  const struct {
    const char *node, *advice;
  } rows[] = {
      {"{name: a, labels: {minikube.k8s.io/name: dev}}}",
       "minikube image load hello:1 --profile dev"},
      {"{name: a}, spec: {providerID: kind://docker/dev/dev-control-plane}}",
       "kind load docker-image hello:1 --name dev"},
      {"{name: k3d-dev-server-0, labels: {node.kubernetes.io/instance-type: k3s}}}",
       "k3d image import hello:1 --cluster dev"},
  };
  for (const auto &[node, advice] : rows) {
    FakeCluster cluster;
    cluster.api.put(object(std::string("{apiVersion: v1, kind: Node, metadata: ") + node));
    CHECK(cli::pull_advice(cluster, "hello:1") == advice);
  }
  FakeCluster cluster;
  CHECK(cli::pull_advice(cluster, "hello:1").find("--image REGISTRY/hello:1") != std::string::npos);
  CHECK(cli::pull_advice(cluster, "r.example.com/hello:1").find("imagePullSecrets") !=
        std::string::npos);
}

TEST_CASE("the image of the container that cannot be pulled") {
  const release::Set set{
      {{"apps/v1", "Deployment", "shop", "hello"},
       object("{apiVersion: apps/v1, kind: Deployment, metadata: {name: hello, namespace: shop}, "
              "spec: {template: {spec: {containers: [{name: hello, image: 'a:1'}, {name: side, "
              "image: 'b:1'}]}}}}")}};
  CHECK(cli::image_of(set, "side") == "b:1");
  CHECK(cli::image_of(set, "none").empty());
}
