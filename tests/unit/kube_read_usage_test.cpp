#include <doctest/doctest.h>

#include "hello/top.h"
#include "support/fake_cluster.h"

using namespace hello;
using namespace hello::test;
using kube::Trouble;

namespace {

struct Shop {
  FakeCluster cluster;

  void put_pod(const std::string &name, const std::string &phase = "Running") {
    json::Value pod = object("apiVersion: v1\nkind: Pod\nmetadata: {namespace: shop, labels: {app: "
                             "hello}}\nspec: {containers: [{name: hello, resources: {requests: "
                             "{cpu: 50m}}}]}\n");
    pod["metadata"]["name"] = json::string(name);
    pod["status"]["phase"] = json::string(phase);
    cluster.api.put(std::move(pod));
  }
  void measure(const std::string &name, const std::string &cpu) {
    json::Value metrics = object("apiVersion: metrics.k8s.io/v1beta1\nkind: PodMetrics\n"
                                 "metadata: {namespace: shop, labels: {app: hello}}\n");
    metrics["metadata"]["name"] = json::string(name);
    metrics["containers"].push(object("{usage: {memory: 1Mi, cpu: " + cpu + "}}"));
    cluster.api.put(std::move(metrics));
  }
  std::string error() {
    try {
      (void)kube::read_usage(cluster, "app=hello");
      return "";
    } catch (const Error &error) {
      CHECK(error.code() == Exit::cluster);
      return error.what();
    }
  }
};

} // namespace

TEST_CASE("top: each pod has what it uses, or nothing before it was measured") {
  Shop shop;
  shop.put_pod("a");
  shop.put_pod("b");
  shop.put_pod("done", "Succeeded");
  shop.measure("b", "20m");
  shop.measure("done", "20m");
  shop.measure("gone", "20m");
  const auto all = kube::read_usage(shop.cluster, "app=hello");
  REQUIRE(all.size() == 2);
  CHECK(all[0].pod == "a");
  CHECK_FALSE(all[0].cpu.used);
  CHECK(all[0].cpu.request == doctest::Approx(0.05));
  CHECK(all[1].cpu.used == doctest::Approx(0.02));
  CHECK(all[1].memory.used == doctest::Approx(1048576));
}

TEST_CASE("top: a metrics server that is not there is distinguished from a silent one") {
  Shop shop;
  shop.put_pod("a");
  for (const Trouble trouble : {Trouble::unknown_kind, Trouble::not_found}) {
    shop.cluster.fail_next(Operation::list, failure(trouble), "PodMetrics");
    CHECK(shop.error() == "the cluster has no metrics server");
  }
  shop.cluster.fail_next(Operation::list, failure(Trouble::unreachable), "PodMetrics");
  CHECK(shop.error() == "the cluster's metrics server does not respond");
}

TEST_CASE("top: what may not be read is named") {
  Shop shop;
  shop.cluster.fail_next(Operation::list, failure(Trouble::forbidden), "PodMetrics");
  CHECK(shop.error().find("read the pods' metrics") != std::string::npos);
  shop.cluster.fail_next(Operation::list, failure(Trouble::unreachable), "Pod");
  CHECK(shop.error().find("read the pods") != std::string::npos);
}
