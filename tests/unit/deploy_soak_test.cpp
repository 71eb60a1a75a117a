#include "support/shop.h"

using namespace hello;
using namespace hello::test;
using namespace std::chrono_literals;
namespace event = hello::deploy::event;
using kube::Cause;

namespace {

const kube::Id kPod{"v1", "Pod", "shop", "hello-1-1"};

struct Soaked : Shop {
  Soaked() {
    options.soak = 60s;
    cluster.replies = {{200, "hi\n"}};
  }
  const kube::Problem *problem() const {
    const auto *failing = seen.last<event::Failing>();
    return failing ? &failing->outcome.problems.at(0) : nullptr;
  }
};

} // namespace

TEST_CASE(
    "soak: a rollout that stays well counts once the time is over, and is pending until then") {
  Soaked shop;
  shop.cluster.after(30s, [&] { CHECK(shop.state_of_entry(1) == "pending"); });
  shop.cluster.after(30s, [&] {
    CHECK_FALSE(shop.cluster.api.find(
        {"coordination.k8s.io/v1", "Lease", "shop", "hello-release"})); // nobody has to wait
  });
  CHECK(shop.run(hello_set()) == Exit::ok);
  CHECK(shop.cluster.elapsed() >= 60s);
  CHECK(shop.state_of_entry(1) == "ready");
  shop.run(hello_set()); // unchanged: only a report
  CHECK(shop.cluster.elapsed() < 100s);
}

TEST_CASE("soak: a restart fails it, and goes back") {
  Soaked shop;
  REQUIRE(shop.run(hello_set("hello:1")) == Exit::ok);
  shop.cluster.after(20s, [&] {
    shop.cluster.api.update({"v1", "Pod", "shop", "hello-2-1"}, "", [](json::Value &pod) {
      pod["status"] = object(pod_status::crashed(1));
    });
  });
  CHECK(shop.run(hello_set("hello:2")) == Exit::rollout);
  REQUIRE(shop.problem());
  CHECK(shop.problem()->cause == Cause::crash);
  CHECK(shop.how_it_was_left() == event::Failed::Left::rolled_back);
  CHECK(shop.live_image() == "hello:1");
}

TEST_CASE("soak: three requests in a row without an answer fail it") {
  Soaked shop;
  shop.options.rollback = false;
  shop.cluster.after(10s, [&] { shop.cluster.replies = {{0, "refused"}}; });
  CHECK(shop.run(hello_set()) == Exit::rollout);
  REQUIRE(shop.problem());
  CHECK(shop.problem()->what.find("did not answer 3 times in a row") != std::string::npos);
}

TEST_CASE("soak: two requests in a row without an answer fail nothing") {
  Soaked shop; // one request every 5 s
  shop.cluster.after(10s, [&] { shop.cluster.replies = {{0, "refused"}}; });
  shop.cluster.after(18s, [&] { shop.cluster.replies = {{200, "hi\n"}}; });
  CHECK(shop.run(hello_set()) == Exit::ok);
}

TEST_CASE("soak: a service that never answers does not survive a short soak") {
  Soaked shop;
  shop.options.soak = 20s;
  shop.options.rollback = false;
  shop.cluster.after(2s, [&] { shop.cluster.replies = {{0, "refused"}}; });
  CHECK(shop.run(hello_set()) == Exit::rollout);
  CHECK(shop.problem());
}

TEST_CASE("soak: too few pods for more than ten seconds fail it, unless an eviction explains it") {
  for (const bool evicted : {false, true}) {
    CAPTURE(evicted);
    Soaked shop;
    shop.options.rollback = false;
    shop.cluster.api.put(object("{apiVersion: v1, kind: Node, metadata: {name: lab}, status: "
                                "{conditions: [{type: Ready, status: 'True'}]}}"));
    shop.cluster.after(20s, [&] {
      shop.cluster.api.update(kDeployment, "", [](json::Value &deployment) {
        deployment["status"]["availableReplicas"] = json::integer(1);
      });
      if (evicted)
        shop.cluster.api.update({"v1", "Pod", "shop", "hello-1-1"}, "", [](json::Value &pod) {
          pod["status"] = object("{phase: Failed, reason: Evicted}");
        });
    });
    CHECK(shop.run(hello_set()) == (evicted ? Exit::ok : Exit::rollout));
    CHECK(shop.cluster.elapsed() >= (evicted ? 60s : 30s));
    CHECK((shop.problem() == nullptr) == evicted);
  }
}

TEST_CASE("soak: a pod that was removed explains what is lacking until another is there") {
  for (const bool removed : {false, true}) {
    CAPTURE(removed);
    Soaked shop;
    shop.options.rollback = false;
    const auto have = [&](int count) {
      shop.cluster.api.update(kDeployment, "", [&](json::Value &deployment) {
        deployment["status"]["availableReplicas"] = json::integer(count);
      });
    };
    shop.cluster.after(20s, [&] {
      if (removed) shop.cluster.api.erase(kPod);
      have(1);
    });
    shop.cluster.after(50s, [&] { have(2); }); // the other one starts slowly
    CHECK(shop.run(hello_set()) == (removed ? Exit::ok : Exit::rollout));
  }
}

TEST_CASE("soak: one removed pod does not explain that two are lacking, nor an old one anything") {
  for (const std::string name : {"hello-1-1", "old"}) {
    CAPTURE(name);
    Soaked shop;
    shop.options.rollback = false;
    json::Value old = object("{apiVersion: v1, kind: Pod, metadata: {name: old, namespace: shop, "
                             "labels: {app.kubernetes.io/name: hello, app.kubernetes.io/instance: "
                             "hello}, deletionTimestamp: "
                             "'2026-11-23T04:00:00Z'}, status: {phase: Failed, reason: Evicted}}");
    shop.cluster.after(10s, [&] { shop.cluster.api.put(old); });
    shop.cluster.after(20s, [&] {
      if (name != "old") shop.cluster.api.erase({"v1", "Pod", "shop", name});
      shop.cluster.api.update(kDeployment, "", [](json::Value &deployment) {
        deployment["status"]["availableReplicas"] = json::integer(0);
      });
    });
    CHECK(shop.run(hello_set()) == Exit::rollout);
  }
}

TEST_CASE("soak: a rollout restart is no interference, another image is") {
  for (const bool restart : {true, false}) {
    CAPTURE(restart);
    Soaked shop;
    shop.cluster.after(20s, [&] {
      shop.cluster.api.update(kDeployment, "kubectl-other", [&](json::Value &deployment) {
        json::Value &spec = deployment["spec"]["template"];
        if (restart)
          spec["metadata"]["annotations"]["kubectl.kubernetes.io/restartedAt"] =
              json::string("now");
        else
          spec["spec"]["containers"] = object("[{name: hello, image: 'hello:other'}]");
      });
      shop.controller.roll_out();
    });
    CHECK(shop.run(hello_set()) == (restart ? Exit::ok : Exit::rollout));
    CHECK(shop.cluster.elapsed() < 80s);
    const auto *end = shop.seen.last<event::Superseded>();
    CHECK((end == nullptr) == restart);
    if (end) CHECK(end->manager == "kubectl-other");
  }
}

TEST_CASE("soak: a newer deploy that starts meanwhile wins") {
  Soaked shop;
  shop.cluster.after(20s, [&] {
    json::Value newer = *shop.cluster.api.find(Shop::entry_id(1));
    newer["metadata"]["name"] = json::string("hello-release-2");
    shop.cluster.api.put(std::move(newer));
  });
  CHECK(shop.run(hello_set()) == Exit::rollout);
  CHECK(shop.seen.count<event::Superseded>() == 1);
  CHECK(shop.state_of_entry(1) == "superseded");
}

TEST_CASE("soak: a restart in another workload of the set fails it") {
  for (const int restarts : {1, 2}) { // one was before the soak
    CAPTURE(restarts);
    Soaked shop;
    shop.options.rollback = false;
    shop.options.soak = 20s;
    release::Set set = hello_set();
    for (kube::Object &agent :
         set_of("{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: agent, namespace: shop}, "
                "spec: {selector: {matchLabels: {app: agent}}, template: {}}}"))
      set.push_back(std::move(agent));
    shop.cluster.after(1s, [&] {
      shop.cluster.api.update(set.back().id, "", [](json::Value &agent) {
        agent["status"] = object("{observedGeneration: 1, desiredNumberScheduled: 1, "
                                 "updatedNumberScheduled: 1, numberAvailable: 1}");
      });
    });
    const auto put = [&](int count) {
      shop.cluster.api.put(
          object("{apiVersion: v1, kind: Pod, metadata: {name: agent-1, namespace: "
                 "shop, uid: a1, labels: {app: agent}}, status: {phase: Running, "
                 "containerStatuses: [{name: agent, ready: true, restartCount: " +
                 std::to_string(count) + ", state: {running: {}}}]}}"));
    };
    put(1);
    shop.cluster.after(14s, [&] { put(restarts); });
    CHECK(shop.run(set) == (restarts == 1 ? Exit::ok : Exit::rollout));
    CHECK((shop.problem() != nullptr) == (restarts == 2));
    if (shop.problem()) CHECK(shop.problem()->name == "agent-1");
  }
}

TEST_CASE("soak: with --reach exposed only an exposed address counts") {
  Soaked shop;
  shop.options.rollback = false;
  shop.options.verify_exposed = true;
  CHECK(shop.run(hello_set()) == Exit::rollout);
  REQUIRE(shop.problem());
  CHECK(shop.problem()->what == "the exposed address did not answer 3 times in a row");
  CHECK(shop.cluster.times("forward ") == 0);
}
