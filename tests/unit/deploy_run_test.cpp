#include "deploy/interference.h"
#include "support/shop.h"

using namespace hello;
using namespace hello::test;
using namespace std::chrono_literals;
namespace event = hello::deploy::event;
using Left = event::Failed::Left;

TEST_CASE("deploy: a first release becomes ready and is written down") {
  Shop shop;
  CHECK(shop.run(hello_set()) == Exit::ok);
  CHECK(shop.live_image() == "hello:1");
  REQUIRE(shop.seen.last<event::Ready>());
  CHECK_FALSE(shop.seen.last<event::Ready>()->unchanged);
  REQUIRE(shop.seen.last<event::Answers>());
  CHECK(shop.seen.last<event::Answers>()->first_line == "Hello!");
  CHECK(shop.seen.count<event::Warning>() == 0);
  CHECK(shop.state_of_entry(1) == "ready");
  CHECK(shop.cluster.elapsed() < 5s);
}

TEST_CASE("deploy: a namespace that is on its way out ends it, though the pods got ready") {
  Shop shop;
  shop.cluster.after(1ms, [&] { // the first time that it waits
    shop.cluster.api.update(kNamespace, "", [](json::Value &ns) {
      ns["metadata"]["deletionTimestamp"] = json::string("2026-11-23T04:00:00Z");
    });
  });
  const Error error = shop.run_fails(hello_set());
  CHECK(error.code() == Exit::rollout);
  CHECK(std::string(error.what()) == "namespace shop was removed during the run");
  CHECK(shop.seen.count<event::Ready>() == 0);
}

TEST_CASE("deploy: the same set again changes nothing, and writes nothing") {
  Shop shop;
  REQUIRE(shop.run(hello_set()) == Exit::ok);
  CHECK(shop.run(hello_set()) == Exit::ok);
  REQUIRE(shop.seen.last<event::Ready>());
  CHECK(shop.seen.last<event::Ready>()->unchanged);
  CHECK(shop.cluster.journal.empty());
}

TEST_CASE("deploy: a release that cannot get ready goes back to what was held before") {
  Shop shop;
  REQUIRE(shop.run(hello_set("hello:1")) == Exit::ok);
  shop.controller.statuses["hello:2"] = pod_status::waiting("InvalidImageName");
  CHECK(shop.run(hello_set("hello:2")) == Exit::rollout);
  CHECK(shop.how_it_was_left() == Left::rolled_back);
  CHECK(shop.seen.count<event::RollingBack>() == 1);
  CHECK(shop.live_image() == "hello:1");
  CHECK(shop.state_of_entry(2) == "rolled-back");
}

TEST_CASE("deploy: the entry is written before the apply, and its end after the wait") {
  Shop shop;
  REQUIRE(shop.run(hello_set()) == Exit::ok);
  REQUIRE(shop.cluster.journal.size() >= 3);
  CHECK(shop.cluster.journal[0] == "create ControllerRevision/hello-release-1");
  CHECK(shop.cluster.journal[1].starts_with("apply "));
  CHECK(shop.cluster.journal[2] == "forward pod/hello-1-1:http"); // as soon as a pod is ready
  CHECK(shop.cluster.times("forward ") == 1);
  CHECK(shop.cluster.times("patch ControllerRevision/hello-release-1") == 1);
}

TEST_CASE("deploy: the events come in the order of the work") {
  Shop shop;
  REQUIRE(shop.run(hello_set()) == Exit::ok);
  const auto &events = shop.seen.events;
  const auto place = [&]<class Kind>(const Kind *) {
    return std::find_if(events.begin(), events.end(),
                        [](const auto &one) { return std::holds_alternative<Kind>(one); }) -
           events.begin();
  };
  CHECK(place((event::Planned *)nullptr) == 0);
  CHECK(place((event::Planned *)nullptr) < place((event::Applied *)nullptr));
  CHECK(place((event::Applied *)nullptr) < place((event::Progress *)nullptr));
  CHECK(place((event::Progress *)nullptr) < place((event::Ready *)nullptr));
  CHECK(place((event::Ready *)nullptr) < place((event::Answers *)nullptr));
}

TEST_CASE("deploy: an unchanged release that is not ready is waited for") {
  Shop shop;
  REQUIRE(shop.run(hello_set()) == Exit::ok);
  shop.controller.set_pods(pod_status::running());
  shop.cluster.after(10s, [&] { shop.controller.set_pods(pod_status::kReady); });
  const auto before = shop.cluster.elapsed();
  CHECK(shop.run(hello_set()) == Exit::ok);
  CHECK(shop.cluster.elapsed() - before == 10s);
  REQUIRE(shop.seen.last<event::Ready>());
  CHECK(shop.seen.last<event::Ready>()->unchanged);
  CHECK(shop.seen.count<event::Applied>() == 0);
}

TEST_CASE("deploy: an unchanged release that was ready and fails now stays as it is") {
  Shop shop;
  REQUIRE(shop.run(hello_set()) == Exit::ok);
  shop.controller.set_pods(pod_status::crashed(1));
  CHECK(shop.run(hello_set()) == Exit::rollout);
  CHECK(shop.how_it_was_left() == Left::ready_before);
  CHECK(shop.state_of_entry(1) == "ready");
  CHECK(shop.cluster.journal.empty());
}

TEST_CASE("deploy: with --no-rollback a failed release stays") {
  Shop shop;
  REQUIRE(shop.run(hello_set("hello:1")) == Exit::ok);
  shop.controller.statuses["hello:2"] = pod_status::waiting("InvalidImageName");
  shop.options.rollback = false;
  CHECK(shop.run(hello_set("hello:2")) == Exit::rollout);
  CHECK(shop.how_it_was_left() == Left::no_rollback);
  REQUIRE(shop.seen.last<event::Failing>());
  CHECK(shop.seen.last<event::Failing>()->outcome.state == deploy::Outcome::State::failed);
  CHECK(shop.seen.last<event::Failing>()->outcome.problems.at(0).cause == kube::Cause::image_name);
  CHECK(shop.live_image() == "hello:2");
  CHECK(shop.state_of_entry(2) == "failed");
}

TEST_CASE("deploy: a failed rollout names the drills of its time first") {
  Shop shop;
  REQUIRE(shop.run(hello_set("hello:1")) == Exit::ok);
  json::Value deployment = *shop.cluster.api.find(kDeployment);
  deployment["metadata"]["annotations"]["hello/drills"] =
      json::string("unready until 2026-01-01T00:00:00Z on a; latency=9s until "
                   "2999-01-01T00:00:00Z on b");
  shop.cluster.api.put(deployment);
  shop.controller.statuses["hello:2"] = pod_status::waiting("InvalidImageName");
  release::Set bad = hello_set("hello:2");
  for (kube::Object &one : bad)
    if (one.id.kind == "Deployment")
      one.value["spec"]["template"]["spec"]["containers"] =
          object("[{name: hello, image: \"hello:2\", args: [--drill-at, crash@9s]}]");
  CHECK(shop.run(bad) == Exit::rollout);
  std::string order;
  for (const deploy::Event &event : shop.seen.events) {
    const auto *warning = std::get_if<event::Warning>(&event);
    if (warning && warning->text.find("drills during") == 0) order += warning->text + ";";
    if (std::holds_alternative<event::Failing>(event)) order += "failing";
  }
  CHECK(order == "drills during the rollout: latency=9s until 2999-01-01T00:00:00Z on b; "
                 "crash@9s from each start on;failing");
}

TEST_CASE("deploy: a rollout that runs into the time limit goes back too") {
  Shop shop;
  REQUIRE(shop.run(hello_set("hello:1")) == Exit::ok);
  shop.controller.statuses["hello:2"] = pod_status::running();
  shop.options.timeout = 60s;
  CHECK(shop.run(hello_set("hello:2")) == Exit::rollout);
  CHECK(shop.seen.last<event::Failing>()->outcome.state == deploy::Outcome::State::timed_out);
  CHECK(shop.how_it_was_left() == Left::rolled_back);
  CHECK(shop.cluster.times("forward pod/hello-2") == 0); // no new pod was ready
}

TEST_CASE("deploy: a first release that fails has nothing to go back to") {
  Shop shop;
  shop.controller.statuses["hello:1"] = pod_status::waiting("InvalidImageName");
  CHECK(shop.run(hello_set()) == Exit::rollout);
  CHECK(shop.how_it_was_left() == Left::nothing_earlier);
  CHECK(shop.seen.count<event::RollingBack>() == 0);
  CHECK(shop.state_of_entry(1) == "failed");
}

namespace {

/// Release 1 was ready; release 2 failed and was left, so that the managed fields are of no use.
struct Broken : Shop {
  Broken() {
    REQUIRE(run(hello_set("hello:1")) == Exit::ok);
    for (const char *image : {"hello:2", "hello:3"})
      controller.statuses[image] = pod_status::waiting("InvalidImageName");
    options.rollback = false;
    REQUIRE(run(hello_set("hello:2")) == Exit::rollout);
    options.rollback = true;
  }
};

} // namespace

TEST_CASE("deploy: after a failed release, the way back is by the history") {
  Broken shop;
  CHECK(shop.run(hello_set("hello:3")) == Exit::rollout);
  CHECK(shop.how_it_was_left() == Left::rolled_back);
  CHECK(shop.live_image() == "hello:1");
  CHECK(shop.state_of_entry(3) == "rolled-back");
}

TEST_CASE("deploy: the way back skips entries that are damaged or gone") {
  Broken shop;
  SUBCASE("damaged") {
    shop.cluster.api.update(Shop::entry_id(1), "",
                            [](json::Value &entry) { entry["data"]["objects"] = json::array(); });
  }
  SUBCASE("another set than its digest says") {
    shop.cluster.api.update(Shop::entry_id(1), "", [](json::Value &entry) {
      entry["metadata"]["annotations"]["hello/digest"] = json::string("other");
    });
  }
  SUBCASE("gone since the plan") {
    shop.cluster.after(500ms, [&] { shop.cluster.api.erase(Shop::entry_id(1)); });
  }
  SUBCASE("no right to read the history") {
    shop.cluster.fail_always(Operation::list, failure(kube::Trouble::forbidden),
                             "ControllerRevision");
  }
  CHECK(shop.run(hello_set("hello:3")) == Exit::rollout);
  CHECK(shop.how_it_was_left() == Left::nothing_earlier);
  CHECK(shop.live_image() == "hello:3");
}

TEST_CASE("deploy: the way back does not lead to the same set again") {
  Broken shop;
  shop.controller.statuses["hello:1"] = pod_status::waiting("InvalidImageName");
  CHECK(shop.run(hello_set("hello:1")) == Exit::rollout);
  CHECK(shop.how_it_was_left() == Left::nothing_earlier);
}

TEST_CASE("deploy: the way back takes the count that the failed release had chosen") {
  const auto with_replicas = [](const std::string &image, int count) {
    release::Set set = hello_set(image);
    in(set, "Deployment")["spec"]["replicas"] = json::integer(count);
    return set;
  };
  Shop shop;
  for (const char *image : {"hello:2", "hello:3"})
    shop.controller.statuses[image] = pod_status::waiting("InvalidImageName");
  REQUIRE(shop.run(with_replicas("hello:1", 4)) == Exit::ok);
  shop.scale(6); // an autoscaler that is not of the set
  shop.options.rollback = shop.options.keep_autoscaled = false;
  REQUIRE(shop.run(with_replicas("hello:2", 2)) == Exit::rollout);
  REQUIRE(shop.live_replicas() == 2);
  shop.options.rollback = true;
  CHECK(shop.run(with_replicas("hello:3", 2)) == Exit::rollout);
  CHECK(shop.how_it_was_left() == Left::rolled_back);
  CHECK(shop.live_replicas() == 4);
}

TEST_CASE("deploy: the way back from an autoscaler leaves its count") {
  Shop shop;
  REQUIRE(shop.run(hello_set("hello:1")) == Exit::ok);
  shop.controller.statuses["hello:2"] = pod_status::running();
  shop.cluster.after(30s, [&] { shop.scale(6); });
  CHECK(shop.run(autoscaled(hello_set("hello:2"))) == Exit::rollout);
  CHECK(shop.how_it_was_left() == Left::rolled_back);
  CHECK(shop.live_replicas() == 6);
  CHECK_FALSE(shop.cluster.api.find(kAutoscaler));
}

TEST_CASE("deploy: a paused rollout fails, and going back would wait as well") {
  Shop shop;
  REQUIRE(shop.run(hello_set("hello:1")) == Exit::ok);
  release::Set set = hello_set("hello:2");
  in(set, "Deployment")["spec"]["paused"] = json::boolean(true);
  CHECK(shop.run(set) == Exit::rollout);
  CHECK(shop.how_it_was_left() == Left::paused);
  CHECK(shop.seen.last<event::Failed>()->detail == "hello");
  CHECK(shop.state_of_entry(2) == "failed");
}

TEST_CASE("deploy: another deploy's template during the wait supersedes this one") {
  Shop shop;
  REQUIRE(shop.run(hello_set("hello:1")) == Exit::ok);
  shop.controller.statuses["hello:2"] = pod_status::running();
  shop.cluster.after(
      5s, [&] { REQUIRE(shop.cluster.api.apply(hello_set("hello:9")[1], "hello", false)); });
  CHECK(shop.run(hello_set("hello:2")) == Exit::rollout);
  REQUIRE(shop.seen.last<event::Superseded>());
  CHECK(shop.seen.last<event::Superseded>()->deployment == "hello");
  CHECK(shop.seen.count<event::Failing>() == 0);
  CHECK(shop.live_image() == "hello:9");
  CHECK(shop.state_of_entry(2) == "superseded");
}

TEST_CASE("deploy: a failed release that another deploy replaced is not taken back") {
  Shop shop;
  REQUIRE(shop.run(hello_set("hello:1")) == Exit::ok);
  shop.controller.statuses["hello:2"] = pod_status::waiting("InvalidImageName");
  std::function<void()> change;
  SUBCASE("replaced") {
    change = [&] { REQUIRE(shop.cluster.api.apply(hello_set("hello:9")[1], "hello", false)); };
  }
  SUBCASE("removed") {
    change = [&] { shop.cluster.api.erase(kDeployment); };
  }
  // once the wait has failed, and before the live Deployment is read for the way back
  shop.cluster.after(
      500ms, [&] { shop.cluster.before_next(Operation::read, change, "Deployment/hello"); });
  CHECK(shop.run(hello_set("hello:2")) == Exit::rollout);
  CHECK(shop.how_it_was_left() == Left::superseded);
  CHECK(shop.seen.count<event::RollingBack>() == 0);
  CHECK(shop.state_of_entry(2) == "superseded");
}

TEST_CASE("deploy: a way back that fails says why") {
  Shop shop;
  REQUIRE(shop.run(hello_set("hello:1")) == Exit::ok);
  shop.controller.statuses["hello:2"] = pod_status::waiting("InvalidImageName");
  std::string why;
  SUBCASE("the apply is refused") {
    shop.cluster.after(500ms, [&] {
      shop.cluster.fail_next(Operation::apply, failure(kube::Trouble::invalid, "not like this"));
    });
    why = "not like this";
  }
  SUBCASE("the plan is refused") {
    shop.cluster.after(500ms, [&] {
      shop.cluster.fail_next(Operation::dry_run, failure(kube::Trouble::invalid, "never"));
    });
    why = "never";
  }
  SUBCASE("the old release does not get ready any more") {
    shop.controller.statuses["hello:1"] = pod_status::waiting("ErrImageNeverPull");
    why = "it cannot become ready\nPod/hello-1-";
  }
  SUBCASE("the old release takes too long") {
    shop.controller.statuses["hello:1"] = pod_status::running();
    why = "not ready after 300 s (--rollback-timeout)";
  }
  CHECK(shop.run(hello_set("hello:2")) == Exit::rollout);
  CHECK(shop.how_it_was_left() == Left::rollback_failed);
  const std::string &detail = shop.seen.last<event::Failed>()->detail;
  CAPTURE(detail);
  CHECK(detail.find(why) != std::string::npos);
  CHECK(shop.state_of_entry(2) == "failed");
}

TEST_CASE("deploy: an interruption of the wait leaves the entry pending, and no way back") {
  Shop shop;
  REQUIRE(shop.run(hello_set("hello:1")) == Exit::ok);
  shop.controller.statuses["hello:2"] = pod_status::running();
  shop.cluster.interrupt_after(10s);
  CHECK(shop.run_fails(hello_set("hello:2")).code() == Exit::interrupted);
  CHECK(shop.seen.count<event::Failing>() == 0);
  CHECK(shop.live_image() == "hello:2");
  CHECK(shop.state_of_entry(2) == "pending");
}

TEST_CASE("deploy: an interruption of the way back is one, not a failure of it") {
  Shop shop;
  REQUIRE(shop.run(hello_set("hello:1")) == Exit::ok);
  shop.controller.statuses["hello:1"] = pod_status::running();
  shop.controller.statuses["hello:2"] = pod_status::waiting("InvalidImageName");
  shop.cluster.interrupt_after(10s);
  CHECK(shop.run_fails(hello_set("hello:2")).code() == Exit::interrupted);
  CHECK(shop.seen.count<event::RollingBack>() == 1);
  CHECK(shop.seen.count<event::Failed>() == 0);
}

TEST_CASE("deploy: an apply that is refused is written down as failed, and the next goes on") {
  Shop shop;
  REQUIRE(shop.run(hello_set("hello:1")) == Exit::ok);
  shop.cluster.fail_next(Operation::apply, failure(kube::Trouble::forbidden), "Service/hello");
  CHECK(shop.run_fails(hello_set("hello:2")).code() == Exit::cluster);
  CHECK(shop.state_of_entry(2) == "failed");
  CHECK(shop.run(hello_set("hello:2")) == Exit::ok);
  CHECK(shop.live_image() == "hello:2");
  CHECK(shop.state_of_entry(1) == "ready");
  CHECK(shop.state_of_entry(2) == "ready");
}

TEST_CASE("deploy: an apply that gets no answer until the time limit stays pending") {
  Shop shop;
  shop.options.timeout = 10s;
  shop.cluster.fail_always(Operation::apply, failure(kube::Trouble::unreachable));
  CHECK(shop.run_fails(hello_set()).code() == Exit::cluster);
  CHECK(shop.state_of_entry(1) == "pending");
}

TEST_CASE("deploy: an apply that is interrupted stays pending") {
  Shop shop;
  shop.cluster.fail_always(Operation::apply, failure(kube::Trouble::unreachable));
  shop.cluster.interrupt_after(2500ms);
  CHECK(shop.run_fails(hello_set()).code() == Exit::interrupted);
  CHECK(shop.state_of_entry(1) == "pending");
}

TEST_CASE("deploy: an API server that is away in the middle delays it, and nothing else") {
  Shop shop;
  shop.cluster.fail_next(Operation::apply, failure(kube::Trouble::unreachable));
  shop.cluster.after(1500ms, [&] { shop.cluster.set_offline(true); });
  shop.cluster.after(20s, [&] { shop.cluster.set_offline(false); });
  CHECK(shop.run(hello_set()) == Exit::ok);
  CHECK(shop.seen.count<event::Warning>() == 2);
  CHECK(shop.state_of_entry(1) == "ready");
}

TEST_CASE("deploy: a Deployment that is removed during the wait fails it") {
  Shop shop;
  shop.controller.statuses["hello:1"] = pod_status::running();
  shop.cluster.after(5s, [&] { shop.cluster.api.erase(kDeployment); });
  CHECK(shop.run(hello_set()) == Exit::rollout);
  REQUIRE(shop.seen.last<event::Gone>());
  CHECK(shop.seen.last<event::Gone>()->deployment == "hello");
  CHECK(shop.state_of_entry(1) == "failed");
}

TEST_CASE("deploy: a Deployment that is removed and made anew during the wait fails it as well") {
  Shop shop;
  REQUIRE(shop.run(hello_set("hello:1")) == Exit::ok);
  shop.cluster.after(500ms, [&] {
    json::Value again = *shop.cluster.api.find(kDeployment);
    shop.cluster.api.erase(kDeployment);
    for (const char *key : {"uid", "generation"}) again["metadata"].erase(key);
    shop.cluster.api.put(std::move(again));
  });
  const auto before = shop.cluster.elapsed();
  CHECK(shop.run(hello_set("hello:2")) == Exit::rollout);
  CHECK(shop.seen.count<event::Gone>() == 1);
  CHECK(shop.cluster.elapsed() - before < 10s);
}

TEST_CASE("deploy: an object that was changed or removed during the wait is applied again") {
  Shop shop;
  SUBCASE("changed by another deploy") {
    shop.cluster.after(500ms, [&] {
      const json::Value other = object("{data: {MESSAGES: theirs}}");
      REQUIRE(shop.cluster.api.apply({kConfigMap, other}, "hello", false));
    });
  }
  SUBCASE("removed") {
    shop.cluster.after(500ms, [&] { shop.cluster.api.erase(kConfigMap); });
  }
  CHECK(shop.run(hello_set()) == Exit::ok);
  CHECK(shop.cluster.times("apply ConfigMap/m") == 2);
  CHECK(shop.cluster.times("create ControllerRevision") == 1);
  CHECK(shop.warned("ConfigMap/m", "applying again"));
  CHECK(shop.cluster.api.find(kConfigMap)->text("data", "MESSAGES") == "hi");
}

namespace {

/// Another manager takes the message half a second from now.
void take_message(Shop &shop) {
  shop.cluster.after(500ms, [&] {
    shop.cluster.api.update(kConfigMap, "kubectl-edit", [](json::Value &map) {
      map["data"]["MESSAGES"] = json::string("theirs");
    });
  });
}

} // namespace

TEST_CASE("deploy: another manager that takes a field of hello's ends it, whatever the object") {
  Shop shop;
  take_message(shop);
  CHECK(shop.run(hello_set()) == Exit::rollout);
  const auto *end = shop.seen.last<event::Superseded>();
  REQUIRE(end);
  CHECK(end->manager == "kubectl-edit");
  CHECK(end->field == "ConfigMap/m data.MESSAGES");
  CHECK(shop.state_of_entry(1) == "superseded");
  CHECK(shop.cluster.api.find(kConfigMap)->text("data", "MESSAGES") == "theirs");
}

TEST_CASE("deploy: a rollout that fails after another manager took a field is not taken back") {
  Shop shop;
  REQUIRE(shop.run(hello_set("hello:1")) == Exit::ok);
  shop.controller.statuses["hello:2"] = pod_status::waiting("InvalidImageName");
  take_message(shop);
  CHECK(shop.run(hello_set("hello:2")) == Exit::rollout);
  REQUIRE(shop.seen.last<event::Superseded>());
  CHECK(shop.seen.last<event::Superseded>()->manager == "kubectl-edit");
  CHECK(shop.cluster.api.find(kConfigMap)->text("data", "MESSAGES") == "theirs");
}

TEST_CASE("deploy: of two writers, the one that took hello's field is named") {
  Shop shop;
  shop.cluster.after(500ms, [&] {
    shop.cluster.api.update(kConfigMap, "kubectl-edit", [](json::Value &map) {
      map["data"]["MESSAGES"] = json::string("theirs");
    });
    shop.cluster.api.update(kConfigMap, "harmless",
                            [](json::Value &map) { map["data"]["MORE"] = json::string("x"); });
  });
  CHECK(shop.run(hello_set()) == Exit::rollout);
  REQUIRE(shop.seen.last<event::Superseded>());
  CHECK(shop.seen.last<event::Superseded>()->manager == "kubectl-edit");
}

TEST_CASE("deploy: a field of hello's that another writer removes is taken, whoever that was") {
  const auto map = [](const char *fields, const char *time, const char *data) {
    return object(std::string("{apiVersion: v1, kind: ConfigMap, metadata: {name: m, namespace: "
                              "shop, managedFields: [{manager: hello, operation: Apply, time: '") +
                  time + "', fieldsV1: {'f:data': " + fields + "}}]}, data: " + data + "}");
  };
  const json::Value applied = map("{'f:a': {}, 'f:b': {}}", "10:00", "{a: x, b: y}");
  const auto removed =
      deploy::interference(applied, map("{'f:a': {}}", "10:00", "{a: x}"), "hello");
  CHECK(removed.manager.empty());
  CHECK(removed.field == "data.b");
  const auto by_hello =
      deploy::interference(applied, map("{'f:a': {}}", "10:01", "{a: x}"), "hello");
  CHECK(by_hello.manager == "hello");
  const auto none = deploy::interference(applied, applied, "hello");
  CHECK(none.field.empty());
}

TEST_CASE("deploy: another manager that changes a Deployment during the wait ends it as well") {
  const kube::Id second{"apps/v1", "Deployment", "shop", "second"};
  release::Set set = hello_set();
  for (const kube::Object &object :
       set_of("{apiVersion: apps/v1, kind: Deployment, metadata: {name: second, namespace: shop, "
              "annotations: {hello/wait: 'false'}}, spec: {replicas: 1, minReadySeconds: 1}}"))
    set.push_back(object);
  in(set, "Deployment")["spec"]["minReadySeconds"] = json::integer(1);
  for (const kube::Id &id : {second, kDeployment}) {
    CAPTURE(id.text());
    Shop shop;
    shop.cluster.after(500ms, [&] {
      shop.cluster.api.update(id, "intruder", [](json::Value &live) {
        live["spec"]["minReadySeconds"] = json::integer(3);
      });
      shop.controller.roll_out();
    });
    CHECK(shop.run(set) == Exit::rollout);
    const auto *end = shop.seen.last<event::Superseded>();
    REQUIRE(end);
    CHECK(end->manager == "intruder");
    CHECK(end->field == id.text() + " spec.minReadySeconds");
  }
  Shop shop; // but scaling is no change of a release
  shop.cluster.after(500ms, [&] {
    shop.cluster.api.update(second, "kube-controller-manager",
                            [](json::Value &live) { live["spec"]["replicas"] = json::integer(3); });
    shop.scale(3);
  });
  CHECK(shop.run(set) == Exit::ok);
  CHECK(shop.live_replicas() == 3);
  CHECK(shop.cluster.api.find(second)->at("spec", "replicas").number() == 3);
}

TEST_CASE("deploy: scaling together with a rollout restart is no change of a release") {
  Shop shop;
  shop.cluster.after(500ms, [&] {
    shop.cluster.api.update(kDeployment, "kubectl-rollout", [](json::Value &live) {
      live["spec"]["template"]["metadata"]["annotations"]["restarted"] = json::string("now");
    });
    shop.scale(3);
  });
  CHECK(shop.run(hello_set()) == Exit::ok);
  CHECK(shop.live_replicas() == 3);
}

TEST_CASE("deploy: a field that no hello holds may change during the wait") {
  Shop shop;
  shop.cluster.after(500ms, [&] {
    shop.cluster.api.update(kConfigMap, "kubectl-edit",
                            [](json::Value &map) { map["data"]["MORE"] = json::string("theirs"); });
  });
  CHECK(shop.run(hello_set()) == Exit::ok);
  CHECK(shop.cluster.times("apply ") == 1);
}

TEST_CASE("deploy: a set that is changed again and again is applied three times at most") {
  Shop shop;
  const auto controller = shop.cluster.on_write;
  shop.cluster.on_write = [&](const kube::Id &id) {
    controller(id);
    if (id == kConfigMap)
      REQUIRE(shop.cluster.api.apply({kConfigMap, object("{data: {MESSAGES: theirs}}")}, "hello",
                                     false));
  };
  CHECK(shop.run(hello_set()) == Exit::ok);
  CHECK(shop.cluster.times("apply ") == 3);
  CHECK(shop.seen.count<event::Warning>() == 3);
}

TEST_CASE("deploy: the namespace of the set is made first, then its history") {
  Shop shop;
  shop.cluster.api.erase(kNamespace);
  release::Set set = set_of("{apiVersion: v1, kind: Namespace, metadata: {name: shop}}");
  for (kube::Object &one : hello_set()) set.push_back(one);
  CHECK(shop.run(set) == Exit::ok);
  REQUIRE(shop.cluster.journal.size() > 2);
  CHECK(shop.cluster.journal[0].starts_with("apply Namespace/shop"));
  CHECK(shop.cluster.journal[1].starts_with("patch Namespace/shop")); // it is in use
  CHECK(shop.cluster.journal[2] == "create ControllerRevision/hello-release-1");
  CHECK(shop.state_of_entry(1) == "ready");
}

TEST_CASE("deploy: the way back removes what the failed release made, but no namespace") {
  Shop shop;
  REQUIRE(shop.run(hello_set("hello:1")) == Exit::ok);
  shop.controller.statuses["hello:2"] = pod_status::waiting("InvalidImageName");
  release::Set set = hello_set("hello:2");
  for (kube::Object &one :
       set_of("{apiVersion: v1, kind: Namespace, metadata: {name: add-on}}\n---\n"
              "{apiVersion: v1, kind: ConfigMap, metadata: {name: extra, namespace: shop}, "
              "data: {a: b}}"))
    set.push_back(one);
  CHECK(shop.run(set) == Exit::rollout);
  CHECK(shop.how_it_was_left() == Left::rolled_back);
  CHECK_FALSE(shop.cluster.api.find({"v1", "ConfigMap", "shop", "extra"}));
  CHECK(shop.seen.count<event::Removed>() == 1);
  CHECK(shop.cluster.api.find({"v1", "Namespace", "", "add-on"}));
  CHECK(shop.cluster.api.find(kConfigMap));
}

TEST_CASE("deploy: the way back brings removed objects again") {
  Shop shop;
  REQUIRE(shop.run(hello_set("hello:1")) == Exit::ok);
  shop.controller.statuses["hello:2"] = pod_status::waiting("InvalidImageName");
  release::Set set = hello_set("hello:2");
  set.pop_back();
  CHECK(shop.run(set) == Exit::rollout);
  CHECK(shop.how_it_was_left() == Left::rolled_back);
  CHECK(shop.cluster.api.find(kService));
}

TEST_CASE("deploy: the way back restores fields that were taken by force") {
  Shop shop;
  REQUIRE(shop.run(hello_set("hello:1")) == Exit::ok);
  shop.cluster.api.update(kConfigMap, "kubectl-edit", [](json::Value &map) {
    map["data"]["MESSAGES"] = json::string("theirs");
  });
  shop.controller.statuses["hello:2"] = pod_status::waiting("InvalidImageName");
  CHECK(shop.run_fails(hello_set("hello:2")).code() == Exit::cluster); // a conflict
  shop.options.force_conflicts = true;
  CHECK(shop.run(hello_set("hello:2")) == Exit::rollout);
  CHECK(shop.how_it_was_left() == Left::rolled_back);
  CHECK(shop.cluster.api.find(kConfigMap)->text("data", "MESSAGES") == "theirs");
}

TEST_CASE("deploy: a service that does not answer fails the run, and is not taken back") {
  Shop shop;
  REQUIRE(shop.run(hello_set("hello:1")) == Exit::ok);
  shop.cluster.replies = {{503, "no"}};
  CHECK(shop.run(hello_set("hello:2")) == Exit::rollout);
  REQUIRE(shop.seen.last<event::NoAnswer>());
  CHECK(shop.seen.last<event::NoAnswer>()->why == "status 503");
  CHECK(shop.seen.count<event::Ready>() == 1);
  CHECK(shop.seen.count<event::RollingBack>() == 0);
  CHECK(shop.live_image() == "hello:2");
  CHECK(shop.state_of_entry(2) == "ready");
}

TEST_CASE("deploy: without verification the service is not asked") {
  Shop shop;
  shop.options.verify = false;
  CHECK(shop.run(hello_set()) == Exit::ok);
  CHECK(shop.cluster.times("forward ") == 0);
  CHECK(shop.cluster.times("ask ") == 0);
}

TEST_CASE("deploy: an unchanged service is asked only at a URL of its own") {
  Shop shop;
  shop.options.verify_url = "http://hello.example.org/";
  REQUIRE(shop.run(hello_set()) == Exit::ok);
  CHECK(shop.cluster.times("forward ") == 0);
  CHECK(shop.run(hello_set()) == Exit::ok);
  CHECK(shop.cluster.journal == std::vector<std::string>{"ask http://hello.example.org/"});
}

TEST_CASE("deploy: what is kept of an earlier release is reported, and why") {
  Shop shop;
  REQUIRE(shop.run(hello_set()) == Exit::ok);
  REQUIRE(shop.cluster.api.apply({kService, object("{metadata: {labels: {team: a}}}")}, "argocd",
                                 false));
  release::Set less = hello_set("hello:2");
  less.pop_back();
  CHECK(shop.run(less) == Exit::ok);
  CHECK(shop.warned("Service/hello",
                    "an earlier release had it, but it stays: \"argocd\" applies it too"));
  CHECK(shop.cluster.api.find(kService));
}

TEST_CASE("deploy: a release whose deploy was killed is taken up when it is ready") {
  Shop shop;
  shop.cluster.interrupt_after(500ms);
  CHECK(shop.run_fails(hello_set()).code() == Exit::interrupted);
  REQUIRE(shop.state_of_entry(1) == "pending");
  shop.cluster.sleep(5s); // the pods get ready meanwhile
  CHECK(shop.run(hello_set()) == Exit::ok);
  CHECK(shop.state_of_entry(1) == "ready");
  CHECK(shop.state_of_entry(2).empty());
}

TEST_CASE("deploy: a history that cannot be written is a warning") {
  Shop shop;
  SUBCASE("not begun") {
    shop.cluster.fail_always(Operation::create, failure(kube::Trouble::forbidden),
                             "ControllerRevision/hello-release-1");
  }
  SUBCASE("not finished") {
    shop.cluster.fail_always(Operation::patch, failure(kube::Trouble::forbidden));
  }
  SUBCASE("not read") {
    shop.cluster.fail_always(Operation::list, failure(kube::Trouble::forbidden),
                             "ControllerRevision");
  }
  CHECK(shop.run(hello_set()) == Exit::ok);
  CHECK(shop.seen.count<event::Warning>() == 1);
}

TEST_CASE(
    "deploy: a set with a Secret that is too large for the history is refused, with the reason") {
  Shop shop;
  release::Set set = set_of("{apiVersion: v1, kind: Secret, metadata: {name: s, namespace: shop}}");
  for (const kube::Object &object : hello_set()) set.push_back(object);
  in(set, "ConfigMap")["data"]["MESSAGES"] = json::string(std::string(release::kLargestEntry, 'x'));
  const Error error = shop.run_fails(set);
  CHECK(error.code() == Exit::cluster);
  CHECK(error.hint().find("the warning above says why") != std::string::npos);
  CHECK(shop.warned("", "its set takes"));
  CHECK(shop.cluster.times("apply ") == 0);
}

TEST_CASE("deploy: without history nothing is written down") {
  Shop shop;
  shop.options.history = false;
  CHECK(shop.run(hello_set()) == Exit::ok);
  CHECK(shop.cluster.times("create ") == 0);
}

TEST_CASE("deploy: a service that is scaled to 0 cannot be verified") {
  Shop shop;
  REQUIRE(shop.run(autoscaled(hello_set("hello:1"))) == Exit::ok);
  shop.scale(0);
  CHECK(shop.run(autoscaled(hello_set("hello:2"))) == Exit::rollout);
  REQUIRE(shop.seen.last<event::ScaledToZero>());
  CHECK(shop.seen.last<event::ScaledToZero>()->fails);
  shop.options.verify = false;
  CHECK(shop.run(autoscaled(hello_set("hello:3"))) == Exit::ok);
  CHECK_FALSE(shop.seen.last<event::ScaledToZero>()->fails);
}

TEST_CASE("deploy: an unchanged release with fewer pods than its autoscaler's minimum waits") {
  Shop shop;
  REQUIRE(shop.run(autoscaled(hello_set())) == Exit::ok);
  shop.scale(2); // of 3
  shop.cluster.after(10s, [&] { shop.scale(3); });
  const auto before = shop.cluster.elapsed();
  CHECK(shop.run(autoscaled(hello_set())) == Exit::ok);
  CHECK(shop.cluster.elapsed() - before == 10s);
}

TEST_CASE("deploy: a set that was ready before, and replaced what runs, goes back to that") {
  Shop shop;
  REQUIRE(shop.run(hello_set("hello:1")) == Exit::ok);
  shop.options.history = false; // so that release 1 stays the newest of the history
  REQUIRE(shop.run(hello_set("hello:9")) == Exit::ok);
  shop.options.history = true;
  shop.controller.statuses["hello:1"] = pod_status::waiting("InvalidImageName");
  CHECK(shop.run(hello_set("hello:1")) == Exit::rollout);
  CHECK(shop.how_it_was_left() == Left::rolled_back);
  CHECK(shop.live_image() == "hello:9");
}

TEST_CASE("deploy: an unchanged release that the history does not know goes back to one it knows") {
  Shop shop;
  REQUIRE(shop.run(hello_set("hello:1")) == Exit::ok);
  shop.options.history = false;
  REQUIRE(shop.run(hello_set("hello:9")) == Exit::ok);
  shop.options.history = true;
  shop.controller.set_pods(pod_status::waiting("InvalidImageName"));
  CHECK(shop.run(hello_set("hello:9")) == Exit::rollout);
  CHECK(shop.how_it_was_left() == Left::rolled_back);
  CHECK(shop.live_image() == "hello:1");
}

TEST_CASE("deploy: the way back leaves what another release made") {
  Shop shop;
  release::Set less = hello_set("hello:1");
  less.pop_back();
  REQUIRE(shop.run(less) == Exit::ok);
  for (const char *image : {"hello:2", "hello:3"})
    shop.controller.statuses[image] = pod_status::waiting("InvalidImageName");
  shop.options.rollback = false;
  REQUIRE(shop.run(hello_set("hello:2")) == Exit::rollout); // it made the Service
  shop.options.rollback = true;
  CHECK(shop.run(hello_set("hello:3")) == Exit::rollout);
  CHECK(shop.how_it_was_left() == Left::rolled_back);
  CHECK(shop.cluster.api.find(kService));
}

TEST_CASE("deploy: a namespace that is deleted in the middle is not created again") {
  release::Set set = set_of("{apiVersion: v1, kind: Namespace, metadata: {name: shop}}");
  for (const kube::Object &object : hello_set("hello:1")) set.push_back(object);
  Shop shop;
  shop.cluster.api.erase(kNamespace);
  REQUIRE(shop.run(set) == Exit::ok);
  shop.controller.statuses["hello:2"] = pod_status::waiting("InvalidImageName");
  in(set, "Deployment") = hello_set("hello:2")[1].value;
  bool ends = false;
  SUBCASE("it is going") {}
  SUBCASE("it is gone") { ends = true; }
  shop.cluster.after(500ms, [&] {
    shop.cluster.api.update(kNamespace, "", [](json::Value &ns) {
      ns["metadata"]["deletionTimestamp"] = json::string("2026-11-23T04:00:00Z");
    });
    if (ends) shop.cluster.api.erase(kNamespace);
  });
  const auto before = shop.cluster.elapsed();
  CHECK(shop.run(set) == Exit::rollout);
  CHECK(shop.cluster.elapsed() - before < 20s);
  CHECK(shop.cluster.times("apply Namespace/shop") == 0);
  if (!ends)
    CHECK(shop.seen.last<event::Failed>()->detail.find("namespace shop was removed") !=
          std::string::npos);
}

TEST_CASE("deploy: another workload keeps the count that its autoscaler gave it") {
  const kube::Id worker{"apps/v1", "Deployment", "shop", "worker"},
      scaler{"autoscaling/v2", "HorizontalPodAutoscaler", "shop", "worker"};
  const auto with_worker = [](const char *spec) {
    release::Set set = hello_set();
    for (const kube::Object &object :
         set_of(std::string("{apiVersion: apps/v1, kind: Deployment, metadata: {name: worker, "
                            "namespace: shop, annotations: {hello/wait: 'false'}}, spec: ") +
                spec + "}"))
      set.push_back(object);
    return set;
  };
  const std::string kScaler =
      "{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: worker, "
      "namespace: shop}, spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: "
      "worker}, minReplicas: 2, maxReplicas: 9}}";
  Shop shop;
  REQUIRE(shop.run(with_worker("{replicas: 3, paused: true}")) == Exit::ok);
  const auto count = [&] { return shop.cluster.api.find(worker)->at("spec", "replicas").number(); };
  std::vector<std::int64_t> seen;
  const auto controller = shop.cluster.on_write;
  shop.cluster.on_write = [&](const kube::Id &id) {
    controller(id);
    if (id == worker) seen.push_back(count());
  };
  SUBCASE("when the set leaves it to one") {
    release::Set set = with_worker("{paused: false}");
    for (const kube::Object &object : set_of(kScaler)) set.push_back(object);
    CHECK(shop.run(set) == Exit::ok);
    CHECK(count() == 3);
  }
  SUBCASE("by force") {
    shop.cluster.api.put(object(kScaler));
    shop.cluster.api.update(worker, "kube-controller-manager",
                            [](json::Value &live) { live["spec"]["replicas"] = json::integer(7); });
    shop.options.force_conflicts = true;
    CHECK(shop.run(with_worker("{replicas: 3, paused: false}")) == Exit::ok);
    CHECK(count() == 7);
  }
  for (const std::int64_t one : seen) CHECK(one >= 3);
  SUBCASE("but not where there is none") {
    shop.cluster.api.update(worker, "kube-controller-manager",
                            [](json::Value &live) { live["spec"]["replicas"] = json::integer(7); });
    shop.options.force_conflicts = true;
    CHECK(shop.run(with_worker("{replicas: 4}")) == Exit::ok);
    CHECK(count() == 4);
  }
}
