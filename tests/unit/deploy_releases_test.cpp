#include <doctest/doctest.h>

#include "hello/deploy.h"
#include "hello/status.h"
#include "hello/text.h"
#include "hello/undeploy.h"
#include "support/fake_controller.h"
#include "support/recording.h"

using namespace hello;
using namespace hello::test;
using Names = std::vector<std::string>;

namespace {

/// One look, as `hello status` does it.
deploy::Observation look(FakeCluster &cluster) {
  release::Pulse pulse;
  return deploy::observe(cluster, pulse);
}

/// Releases in one namespace, each with its controller.
struct Market {
  FakeCluster cluster;
  FakeController hello{cluster}, web{cluster, "web"}, api{cluster, "api"};
  Recording seen;

  Market() { ::setenv("GIT_COMMIT", "0123456789ab", 1); } // so that no git is run

  Exit deploy(const std::string &release, const std::string &image = "hello:1") {
    return deploy_set(release, hello_set(image, release));
  }
  Exit deploy_set(const std::string &release, const release::Set &set) {
    cluster.set_release(release);
    seen.events.clear();
    cluster.journal.clear();
    return deploy::run(cluster, set, {}, seen.listener);
  }
  void deploy_all() {
    for (const char *release : {"hello", "web", "api"}) REQUIRE(deploy(release) == Exit::ok);
  }

  /// "KIND/NAME RESOURCE-VERSION" of each object that is not of `release`: neither its set, its
  /// pods nor its history.
  Names others(const std::string &release) const {
    Names found;
    for (const auto &[id, value] : cluster.api.all())
      if (id.name != release && !id.name.starts_with(release + "-") &&
          !(release == "hello" && id == kConfigMap))
        found.push_back(id.text() + " " + value.text("metadata", "resourceVersion"));
    return found;
  }
  /// The names of all objects but namespaces.
  Names all() const {
    Names found;
    for (const auto &[id, value] : cluster.api.all())
      if (id.kind != "Namespace") found.push_back(id.text());
    return found;
  }
  deploy::Status status(const std::string &release) {
    cluster.set_release(release);
    return deploy::status_of(look(cluster), kube::instant_of(cluster.api.time));
  }
  std::vector<int> revisions(const std::string &release) {
    cluster.set_release(release);
    std::vector<int> found;
    const auto history = release::read_history(cluster);
    for (const release::Release &one : *history) found.push_back(one.revision);
    return found;
  }
};

const kube::Id kWeb{"apps/v1", "Deployment", "shop", "web"};

std::string image_of(const json::Value &deployment) {
  return deployment.at("spec", "template", "spec", "containers").items().at(0).text("image");
}

} // namespace

TEST_CASE("releases: each has its own objects, field manager and history") {
  Market market;
  market.deploy_all();
  CHECK(market.revisions("hello") == std::vector{1});
  CHECK(market.revisions("web") == std::vector{1});
  CHECK(market.deploy("web", "hello:2") == Exit::ok);
  CHECK(market.cluster.journal.at(0) == "create ControllerRevision/web-release-2");
  CHECK(market.cluster.journal.at(1) == "apply ConfigMap/web-m Service/web Deployment/web as "
                                        "hello-web");
  CHECK(market.revisions("web") == std::vector{2, 1});
  CHECK(market.revisions("hello") == std::vector{1});
}

TEST_CASE("releases: a deploy touches no object of another release") {
  Market market;
  market.deploy_all();
  for (const char *release : {"hello", "web", "api"}) {
    CAPTURE(release);
    const Names before = market.others(release);
    CHECK(market.deploy(release, "hello:2") == Exit::ok);
    CHECK(market.others(release) == before);
  }
}

TEST_CASE("releases: a failed deploy of one goes back alone") {
  Market market;
  market.deploy_all();
  const Names before = market.others("web");
  market.web.statuses["hello:2"] = pod_status::waiting("InvalidImageName");
  CHECK(market.deploy("web", "hello:2") == Exit::rollout);
  CHECK(image_of(*market.cluster.api.find(kWeb)) == "hello:1");
  CHECK(market.others("web") == before);
}

TEST_CASE("releases: what one no longer has is removed, and never what another has") {
  Market market;
  market.deploy_all();
  release::Set set = hello_set("hello:2", "web");
  std::erase_if(set, [](const kube::Object &object) { return object.id.kind == "ConfigMap"; });
  const Names before = market.others("web");
  CHECK(market.deploy_set("web", set) == Exit::ok);
  CHECK(market.cluster.times("remove ") == 1);
  CHECK(market.cluster.times("remove ConfigMap/web-m") == 1);
  CHECK(market.others("web") == before);
}

TEST_CASE("releases: pruning by label alone stays within the release, too") {
  Market market;
  market.deploy_all();
  for (const char *entry : {"web-release-1", "hello-release-1", "api-release-1"})
    market.cluster.api.erase({"apps/v1", "ControllerRevision", "shop", entry});
  release::Set set = hello_set("hello:2", "web");
  std::erase_if(set, [](const kube::Object &object) { return object.id.kind == "ConfigMap"; });
  CHECK(market.deploy_set("web", set) == Exit::ok);
  CHECK(market.cluster.times("remove ") == 1);
  CHECK(market.cluster.times("remove ConfigMap/web-m") == 1);
}

TEST_CASE("releases: a status shows the objects and pods of its release") {
  Market market;
  market.deploy_all();
  market.web.set_pods(pod_status::crashed(1));
  const deploy::Status web = market.status("web"), hello = market.status("hello");
  CHECK_FALSE(web.healthy());
  CHECK(hello.healthy());
  CHECK(hello.summary == "2 of 2 pods available");
  REQUIRE(web.objects.size() == 3);
  for (const deploy::StatusNode &node : web.objects)
    CHECK(node.object.find("/web") != node.object.npos);
  for (const deploy::StatusNode &node : hello.objects)
    CHECK(node.object.find("web") == node.object.npos);
}

TEST_CASE("releases: a status takes the autoscaler of its release") {
  Market market;
  market.deploy_all();
  for (const char *release : {"hello", "web"}) {
    json::Value scaler = object("{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, "
                                "metadata: {namespace: shop}, spec: {scaleTargetRef: {kind: "
                                "Deployment}}}");
    scaler["metadata"]["name"] = json::string(release);
    scaler["metadata"]["labels"]["app.kubernetes.io/managed-by"] = json::string("hello");
    scaler["metadata"]["labels"]["app.kubernetes.io/instance"] = json::string(release);
    scaler["spec"]["scaleTargetRef"]["name"] = json::string(release);
    market.cluster.api.put(std::move(scaler));
  }
  market.cluster.set_release("web");
  const deploy::Observation observed = look(market.cluster);
  REQUIRE(observed.snapshot.autoscaler);
  CHECK(observed.snapshot.autoscaler->name == "web");
}

TEST_CASE("releases: undeploy removes one, and leaves the others as they are") {
  Market market;
  market.deploy_all();
  for (const char *release : {"web", "hello", "api"}) {
    CAPTURE(release);
    const Names before = market.others(release);
    market.cluster.set_release(release);
    // The controller would remove the pods with their Deployment.
    market.cluster.on_write = nullptr;
    const deploy::Removal removal = deploy::plan_removal(market.cluster);
    CHECK(removal.remove.size() == 3);
    CHECK(removal.history.size() == 1);
    CHECK(removal.namespaces.empty());
    deploy::undeploy(market.cluster, removal, market.cluster.now() + std::chrono::minutes(1),
                     market.seen.listener);
    const Names after = market.others(release);
    CHECK(text::join(std::span(after), " ") == text::join(std::span(before), " "));
  }
  CHECK(market.all() == Names{});
}

TEST_CASE("releases: what they share stays while another is there, even one without a history") {
  Market market;
  release::Set set = hello_set();
  for (const kube::Object &one : set_of("{apiVersion: v1, kind: ResourceQuota, metadata: {name: "
                                        "hello, namespace: shop}, spec: {hard: {pods: 9}}}"))
    set.push_back(one);
  REQUIRE(market.deploy_set("hello", set) == Exit::ok);
  release::Set web = hello_set("hello:1", "web");
  in(web, "Deployment")["metadata"]["labels"][names::kName] = json::string("hello");
  REQUIRE(market.deploy_set("web", web) == Exit::ok);
  market.cluster.api.erase({"apps/v1", "ControllerRevision", "shop", "web-release-1"});
  const auto is_quota = [](const release::Found &found) {
    return found.id.kind == "ResourceQuota";
  };
  for (const bool is_alone : {false, true}) {
    if (is_alone) market.cluster.api.erase(kWeb);
    market.cluster.set_release("hello");
    const deploy::Removal removal = deploy::plan_removal(market.cluster);
    CHECK(std::any_of(removal.remove.begin(), removal.remove.end(), is_quota) == is_alone);
  }
}

TEST_CASE("releases: a namespace that hello made stays while another release is in it") {
  Market market;
  market.cluster.api.erase(kNamespace);
  release::Set set = set_of("{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: "
                            "{app.kubernetes.io/managed-by: hello}}}");
  for (const kube::Object &object : hello_set()) set.push_back(object);
  REQUIRE(market.deploy_set("hello", set) == Exit::ok);
  REQUIRE(market.deploy("web") == Exit::ok);
  market.cluster.set_release("hello");
  const deploy::Removal removal = deploy::plan_removal(market.cluster);
  CHECK(removal.namespaces.empty());
  REQUIRE(removal.stay.size() == 1);
  CHECK(removal.stay.front().id.text() == "Namespace/shop");
  CHECK(removal.stay.front().ownership.who.find("Deployment/web") != std::string::npos);
}
