#include <doctest/doctest.h>

#include "hello/deploy.h"
#include "hello/status.h"
#include "support/fake_controller.h"

using namespace hello;
using namespace hello::test;
using namespace std::chrono_literals;
using deploy::Health;
using kube::Trouble;

namespace {

/// One look, as `hello status` does it.
deploy::Observation look(FakeCluster &cluster) {
  release::Pulse pulse;
  return deploy::observe(cluster, pulse);
}

kube::Failure forbidden(const std::string &rule) {
  kube::Failure refused = failure(Trouble::forbidden);
  refused.rule = rule;
  return refused;
}

const std::string kAgent = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: agent, namespace: "
                           "logging}\ndata: {a: b}\n";
const kube::Id kAgentId{"v1", "ConfigMap", "logging", "agent"};

/// A release that was deployed and is ready.
struct Shop {
  FakeCluster cluster;
  FakeController controller{cluster};

  explicit Shop(const release::Set &set = hello_set()) {
    cluster.api.put(object("{apiVersion: v1, kind: Namespace, metadata: {name: logging}}"));
    REQUIRE(cluster.apply(set, {.manager = "hello"}));
    release::Release one;
    one.revision = 1;
    one.state = release::State::ready;
    one.digest = release::digest_of(set);
    for (const kube::Object &object : set) one.objects.push_back(object.id);
    cluster.api.put(json::parse(release::entry_of(one, set, "shop"), "entry"));
    controller.roll_out();
    cluster.journal.clear();
  }

  deploy::Status status() {
    return deploy::status_of(look(cluster), kube::instant_of(cluster.api.time));
  }
  /// What the status says of an object.
  deploy::StatusNode of(const std::string &object) {
    for (const deploy::StatusNode &node : status().objects)
      if (node.object == object) return node;
    FAIL(object << " is not in the status");
    return {};
  }
  bool tells_of(const std::string &object) {
    for (const deploy::StatusNode &node : status().objects)
      if (node.object == object) return true;
    return false;
  }
};

} // namespace

TEST_CASE("observe: a ready release is read whole, and changes nothing") {
  Shop shop;
  const deploy::Observation observed = look(shop.cluster);
  CHECK(observed.history.size() == 1);
  CHECK(observed.objects.size() == 3);
  for (const auto &[id, live] : observed.objects) CHECK(live.present());
  CHECK(observed.unread.empty());
  REQUIRE(observed.snapshot.deployment);
  CHECK(observed.snapshot.deployment->wanted == 2);
  CHECK(observed.snapshot.replica_sets.size() == 1);
  CHECK(observed.snapshot.pods.size() == 2);
  CHECK(shop.cluster.journal.empty());
  const deploy::Status status = shop.status();
  CHECK(status.healthy());
  CHECK(status.summary == "2 of 2 pods available");
  CHECK(status.image == "hello:1");
}

TEST_CASE("observe: the autoscaler is part of what was seen") {
  Shop shop(autoscaled(hello_set()));
  REQUIRE(look(shop.cluster).snapshot.autoscaler);
  CHECK(look(shop.cluster).snapshot.autoscaler->max == 9);
}

TEST_CASE("observe: an object of the release that is not there is missing") {
  for (const kube::Id &id : {kConfigMap, kService, kDeployment}) {
    Shop shop;
    shop.cluster.api.erase(id);
    const deploy::StatusNode node = shop.of(id.text());
    CHECK(node.health == Health::bad);
    CHECK(node.text == "missing: the release has it; hello deploy brings it back");
  }
}

TEST_CASE("observe: an object that is being removed is not healthy") {
  Shop shop;
  shop.cluster.api.update(kService, "", [](json::Value &service) {
    service["metadata"]["finalizers"].push(json::string("example.com/hold"));
  });
  REQUIRE(shop.cluster.remove(kService, {}, {}));
  CHECK(shop.of("Service/hello").health == Health::bad);
  CHECK(shop.of("Service/hello").text == "is being removed");
}

TEST_CASE("observe: an object with the label that the release does not have is reported") {
  Shop shop;
  shop.cluster.api.put(object(
      "{apiVersion: v1, kind: ConfigMap, metadata: {name: old, namespace: "
      "shop, labels: {app.kubernetes.io/managed-by: hello, app.kubernetes.io/instance: hello}}}"));
  const deploy::StatusNode node = shop.of("ConfigMap/old");
  CHECK(node.health == Health::warning);
  CHECK(node.text.starts_with("not of this release"));
  CHECK(shop.status().healthy());
}

TEST_CASE("observe: a kind that may not be read is unread, and its objects are not missing") {
  Shop shop;
  shop.cluster.fail_always(Operation::list, forbidden("let me list Services"), "Service");
  const deploy::Observation observed = look(shop.cluster);
  REQUIRE(observed.unread.size() == 1);
  CHECK(observed.unread[0].what == "Service");
  CHECK(observed.unread[0].rule == "let me list Services");
  CHECK_FALSE(observed.objects.count(kService));
  CHECK_FALSE(shop.tells_of("Service/hello"));
  CHECK(shop.status().healthy());
}

TEST_CASE("observe: a kind that the cluster does not know has no objects") {
  Shop shop;
  shop.cluster.fail_always(Operation::list, failure(Trouble::unknown_kind), "Service");
  CHECK(look(shop.cluster).unread.empty());
  CHECK(shop.of("Service/hello").text.starts_with("missing"));
}

TEST_CASE("observe: Deployments must be read, and a cluster must answer") {
  const std::pair<Trouble, const char *> rows[] = {
      {Trouble::forbidden, "Deployment"},    {Trouble::unreachable, "Deployment"},
      {Trouble::unreachable, "Service"},     {Trouble::unreachable, "Pod"},
      {Trouble::unauthorized, "ReplicaSet"}, {Trouble::unreachable, "ControllerRevision"}};
  for (const auto &[trouble, kind] : rows) {
    CAPTURE(kind);
    Shop shop;
    shop.cluster.fail_always(Operation::list, failure(trouble), kind);
    try {
      look(shop.cluster);
      FAIL_CHECK("no error");
    } catch (const Error &error) {
      CHECK(error.code() == Exit::cluster);
    }
  }
}

TEST_CASE(
    "observe: without the right to read it, the history is unread, and labels tell the objects") {
  Shop shop;
  shop.cluster.fail_always(Operation::list, forbidden("let me list entries"), "ControllerRevision");
  const deploy::Observation observed = look(shop.cluster);
  CHECK(observed.history.empty());
  REQUIRE(observed.unread.size() == 1);
  CHECK(observed.unread[0].what == "ControllerRevision");
  CHECK(observed.unread[0].rule == "let me list entries");
  CHECK(observed.objects.size() == 3);
  const deploy::Status status = shop.status();
  CHECK(status.healthy());
  CHECK_FALSE(status.release);
}

TEST_CASE("observe: pods and ReplicaSets that may not be read are unread") {
  for (const char *kind : {"Pod", "ReplicaSet"}) {
    Shop shop;
    shop.cluster.fail_always(Operation::list, forbidden("rule"), kind);
    const deploy::Observation observed = look(shop.cluster);
    REQUIRE(observed.unread.size() == 1);
    CHECK(observed.unread[0].what == kind);
  }
}

TEST_CASE("observe: events are read only where a pod is not ready") {
  Shop ready;
  ready.cluster.fail_always(Operation::list, failure(Trouble::other), "Event");
  CHECK(look(ready.cluster).snapshot.events.empty());

  Shop waiting;
  waiting.controller.set_pods(pod_status::waiting("ImagePullBackOff"));
  const kube::Id pod{"v1", "Pod", "shop", "hello-1-1"};
  put_event(waiting.cluster, pod, "Failed", "pull access denied");
  const auto events = look(waiting.cluster).snapshot.events;
  const auto found = events.find(waiting.cluster.api.find(pod)->text("metadata", "uid"));
  REQUIRE(found != events.end());
  CHECK(found->second.at(0).message == "pull access denied");
  CHECK_FALSE(waiting.status().healthy());

  waiting.cluster.fail_always(Operation::list, forbidden("let me list Events"), "Event");
  const deploy::Observation observed = look(waiting.cluster);
  REQUIRE(observed.unread.size() == 1);
  CHECK(observed.unread[0].what == "Event");
}

TEST_CASE("observe: an object in another namespace is read by itself") {
  const auto set = [] {
    release::Set all = hello_set();
    all.push_back(set_of(kAgent).at(0));
    return all;
  }();
  Shop shop(set);
  CHECK(shop.of("ConfigMap/agent").health == Health::good);

  Shop gone(set);
  gone.cluster.api.erase(kAgentId);
  CHECK(gone.of("ConfigMap/agent").text.starts_with("missing"));

  Shop unread(set);
  unread.cluster.fail_always(Operation::read, forbidden("let me get it"), "ConfigMap/agent");
  const deploy::Observation observed = look(unread.cluster);
  REQUIRE(observed.unread.size() == 1);
  CHECK(observed.unread[0].what == "ConfigMap/agent");
  CHECK(observed.unread[0].rule == "let me get it");
  CHECK_FALSE(unread.tells_of("ConfigMap/agent"));

  Shop silent(set); // no answer is not an absence
  silent.cluster.fail_always(Operation::read, failure(Trouble::unreachable), "ConfigMap/agent");
  CHECK_THROWS_AS(look(silent.cluster), Error);
}

TEST_CASE("observe: where nothing is deployed, the status says so") {
  FakeCluster cluster;
  const deploy::Observation observed = look(cluster);
  CHECK(observed.objects.empty());
  const deploy::Status status = deploy::status_of(observed, {});
  CHECK(status.summary == "nothing is deployed here");
  CHECK_FALSE(status.healthy());
}

TEST_CASE("observe: a release that was rolled back is not the live one") {
  Shop shop;
  release::Set later = hello_set("hello:2");
  later.push_back(
      set_of("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: new, namespace: shop}\n").at(0));
  release::Release one;
  one.revision = 2;
  one.state = release::State::rolled_back;
  one.digest = release::digest_of(later);
  for (const kube::Object &object : later) one.objects.push_back(object.id);
  shop.cluster.api.put(json::parse(release::entry_of(one, later, "shop"), "entry"));
  CHECK_FALSE(shop.tells_of("ConfigMap/new"));
  REQUIRE(shop.status().release);
  CHECK(shop.status().release->revision == 1);
}

TEST_CASE("observe: an extra object of a kind that may not be listed is read by itself") {
  release::Set set = hello_set();
  for (const kube::Object &object :
       set_of("{apiVersion: v1, kind: Secret, metadata: {name: s, namespace: shop}}"))
    set.push_back(object);
  Shop shop(set);
  shop.cluster.fail_always(Operation::list, forbidden("rule"), "Secret");
  const deploy::Observation seen = look(shop.cluster);
  CHECK(seen.unread.empty());
  CHECK(seen.objects.at({"v1", "Secret", "shop", "s"}).present());
}
