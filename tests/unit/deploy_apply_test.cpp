#include "support/shop.h"

using namespace hello;
using namespace hello::test;
using namespace std::chrono_literals;
namespace event = hello::deploy::event;
using kube::Trouble;

namespace {

using Lines = std::vector<std::string>;

/// Plans and applies, without a wait.
struct Application : Shop {
  deploy::Plan plan;

  void plan_for(const release::Set &set) {
    plan = deploy::make_plan(cluster, set, options);
    cluster.journal.clear();
    seen.events.clear();
  }
  deploy::Applied apply() {
    return deploy::apply(cluster, plan, options, cluster.now() + options.timeout, seen.listener);
  }
  Error apply_fails() {
    try {
      apply();
    } catch (const Error &error) {
      return error;
    }
    FAIL("apply did not throw");
    return Error(Exit::ok, "");
  }
};

} // namespace

TEST_CASE("apply: the whole set goes in one call, and the answer says what to wait for") {
  Application shop;
  shop.plan_for(hello_set());
  const deploy::Applied applied = shop.apply();
  CHECK(shop.cluster.journal == Lines{"apply ConfigMap/m Service/hello Deployment/hello as hello"});
  CHECK(applied.deployment == "hello");
  CHECK(applied.generation == 1);
  CHECK(applied.selector.at("app.kubernetes.io/name") == "hello");
  CHECK(applied.objects.size() == 3);
  CHECK(applied.template_text ==
        json::canonical(shop.cluster.api.find(kDeployment)->at("spec", "template")));
}

TEST_CASE("apply: the user's own arguments and force reach kubectl") {
  Application shop;
  shop.options.force_conflicts = true;
  shop.options.kubectl_args = {"--validate=warn"};
  shop.plan_for(hello_set());
  shop.apply();
  CHECK(shop.cluster.journal ==
        Lines{"apply ConfigMap/m Service/hello Deployment/hello as hello by force "
              "--validate=warn"});
}

TEST_CASE("apply: an empty plan writes nothing and waits for what is there") {
  Application shop;
  REQUIRE(shop.run(hello_set()) == Exit::ok);
  shop.plan_for(hello_set());
  const deploy::Applied applied = shop.apply();
  CHECK(shop.cluster.journal.empty());
  CHECK(applied.deployment == "hello");
  CHECK(applied.objects.empty());
}

TEST_CASE("apply: a set without a Deployment has nothing to wait for") {
  Application shop;
  release::Set set = hello_set();
  set.erase(set.begin() + 1);
  shop.plan_for(set);
  CHECK(shop.apply().deployment.empty());
}

TEST_CASE("apply: an API server that is away is tried again, with one warning") {
  Application shop;
  shop.plan_for(hello_set());
  for (const Trouble trouble :
       {Trouble::unreachable, Trouble::webhook_silent, Trouble::unreachable})
    shop.cluster.fail_next(Operation::apply, failure(trouble));
  CHECK(shop.apply().deployment == "hello");
  CHECK(shop.cluster.journal.size() == 4);
  CHECK(shop.cluster.elapsed() == 3s);
  REQUIRE(shop.seen.count<event::Warning>() == 1);
  CHECK(shop.warned("", "the API server does not answer; trying again until the time limit"));
}

TEST_CASE("apply: an API server that stays away ends it before the time limit") {
  Application shop;
  shop.options.timeout = 10s;
  shop.plan_for(hello_set());
  shop.cluster.fail_always(Operation::apply, failure(Trouble::unreachable));
  const Error error = shop.apply_fails();
  CHECK(error.code() == Exit::cluster);
  CHECK(shop.cluster.elapsed() <= 10s);
  CHECK(shop.cluster.journal.size() >= 10);
  CHECK(shop.seen.count<event::Warning>() == 1);
}

TEST_CASE("apply: a refusal is not tried again, and the rest of the set may be applied") {
  for (const Trouble trouble : {Trouble::forbidden, Trouble::invalid, Trouble::immutable,
                                Trouble::conflict, Trouble::timed_out, Trouble::unauthorized}) {
    CAPTURE(static_cast<int>(trouble));
    Application shop;
    shop.plan_for(hello_set());
    shop.cluster.fail_next(Operation::apply, failure(trouble), "Service/hello");
    const Error error = shop.apply_fails();
    CHECK(error.code() == Exit::cluster);
    CHECK(error.hint().find("the rest may be applied: 'hello diff' shows what is left") !=
          std::string::npos);
    CHECK(shop.cluster.journal.size() == 1);
    CHECK(shop.cluster.api.find(kDeployment)); // the others were taken
    CHECK_FALSE(shop.cluster.api.find(kService));
  }
}

TEST_CASE("apply: fields that another manager takes after the plan are a conflict") {
  Application shop;
  REQUIRE(shop.run(hello_set("hello:1")) == Exit::ok);
  shop.plan_for(hello_set("hello:2"));
  shop.cluster.api.update(kConfigMap, "kubectl-edit", [](json::Value &map) {
    map["data"]["MESSAGES"] = json::string("theirs");
  });
  const Error error = shop.apply_fails();
  CHECK(error.code() == Exit::cluster);
  CHECK(std::string(error.what()).find(".data.MESSAGES is held by \"kubectl-edit\"") !=
        std::string::npos);
  CHECK(error.hint().find("--force-conflicts") != std::string::npos);
  CHECK(error.hint().find("the rest may be applied") != std::string::npos);
  CHECK(shop.cluster.api.find(kConfigMap)->text("data", "MESSAGES") == "theirs");
}

TEST_CASE("apply: an interruption ends the wait for the API server") {
  Application shop;
  shop.plan_for(hello_set());
  shop.cluster.fail_always(Operation::apply, failure(Trouble::unreachable));
  shop.cluster.interrupt_after(3500ms);
  CHECK(shop.apply_fails().code() == Exit::interrupted);
  CHECK(shop.cluster.elapsed() == 3500ms);
}

TEST_CASE("apply: the server's warnings are reported") {
  Application shop;
  shop.plan_for(hello_set());
  shop.cluster.warnings = {"policy/v1beta1 is deprecated", "unknown field"};
  shop.apply();
  CHECK(shop.seen.count<event::Warning>() == 2);
  CHECK(shop.warned("", "policy/v1beta1 is deprecated"));
}

TEST_CASE("apply: a new autoscaler gets the replicas before the set is applied") {
  Application shop;
  REQUIRE(shop.run(hello_set()) == Exit::ok);
  shop.plan_for(autoscaled(hello_set()));
  shop.apply();
  CHECK(shop.cluster.journal ==
        Lines{"apply Deployment/hello as hello-handover",
              "apply ConfigMap/m Service/hello Deployment/hello HorizontalPodAutoscaler/hello as "
              "hello"});
  CHECK(shop.live_replicas() == 2); // not the default of 1
}

TEST_CASE("apply: a hand-over that is refused ends it") {
  Application shop;
  REQUIRE(shop.run(hello_set()) == Exit::ok);
  shop.plan_for(autoscaled(hello_set()));
  shop.cluster.fail_next(Operation::apply, failure(Trouble::forbidden));
  CHECK(shop.apply_fails().code() == Exit::cluster);
  CHECK(shop.cluster.journal == Lines{"apply Deployment/hello as hello-handover"});
}

TEST_CASE("apply: a first release with an autoscaler starts with its minimum") {
  Application shop;
  shop.plan_for(autoscaled(hello_set()));
  shop.apply();
  CHECK(shop.cluster.journal.back() == "apply Deployment/hello as hello-handover by force");
  CHECK(shop.live_replicas() == 3);
  shop.plan_for(autoscaled(hello_set("hello:2"))); // and the second leaves the count alone
  shop.scale(5);
  shop.apply();
  CHECK(shop.cluster.journal.size() == 1);
  CHECK(shop.live_replicas() == 5);
}

TEST_CASE("apply: an autoscaler goes before the set, all else after it") {
  Application shop;
  REQUIRE(shop.run(autoscaled(hello_set())) == Exit::ok);
  shop.scale(6);
  release::Set less = hello_set();
  less.pop_back();
  shop.plan_for(less);
  shop.apply();
  CHECK(shop.cluster.journal == Lines{"remove HorizontalPodAutoscaler/hello",
                                      "apply ConfigMap/m Deployment/hello as hello",
                                      "remove Service/hello"});
  CHECK(shop.live_replicas() == 6);
  REQUIRE(shop.seen.count<event::Removed>() == 2);
  CHECK(shop.seen.all<event::Removed>()[0].object == "HorizontalPodAutoscaler/hello");
  CHECK(shop.seen.all<event::Removed>()[1].object == "Service/hello");
}

TEST_CASE("apply: a number that the user chose is taken from the autoscaler by force") {
  Application shop;
  REQUIRE(shop.run(autoscaled(hello_set())) == Exit::ok);
  shop.scale(6);
  shop.options.keep_autoscaled = false;
  shop.plan_for(hello_set());
  shop.apply();
  CHECK(shop.cluster.journal == Lines{"remove HorizontalPodAutoscaler/hello",
                                      "apply Deployment/hello as hello-handover by force",
                                      "apply ConfigMap/m Service/hello Deployment/hello as hello"});
  CHECK(shop.live_replicas() == 2);
}

TEST_CASE("apply: an object that was made anew after the plan stays") {
  Application shop;
  REQUIRE(shop.run(hello_set()) == Exit::ok);
  release::Set less = hello_set();
  const kube::Object service = less.back();
  less.pop_back();
  shop.plan_for(less);
  shop.cluster.api.erase(kService);
  shop.cluster.api.put(service.value);
  shop.apply();
  CHECK(shop.cluster.api.find(kService));
  CHECK(shop.seen.count<event::Removed>() == 0);
  CHECK(shop.warned("Service/hello", "another of that name has taken its place meanwhile"));
}

TEST_CASE("apply: an object that is gone by itself counts as removed") {
  Application shop;
  REQUIRE(shop.run(hello_set()) == Exit::ok);
  release::Set less = hello_set();
  less.pop_back();
  shop.plan_for(less);
  shop.cluster.api.erase(kService);
  shop.apply();
  REQUIRE(shop.seen.last<event::Removed>());
  CHECK(shop.seen.last<event::Removed>()->object == "Service/hello");
}

TEST_CASE("apply: a removal that is refused ends it") {
  Application shop;
  REQUIRE(shop.run(hello_set()) == Exit::ok);
  release::Set less = hello_set();
  less.pop_back();
  shop.plan_for(less);
  shop.cluster.fail_next(Operation::remove, failure(Trouble::forbidden));
  CHECK(shop.apply_fails().code() == Exit::cluster);
}

TEST_CASE("apply: what a failed release made is removed only while it is hello's own") {
  Application shop;
  REQUIRE(shop.run(hello_set()) == Exit::ok);
  release::Set less = hello_set();
  less.pop_back();
  shop.options.history = false; // so that the plan did not look at it
  shop.plan_for(less);
  const deploy::Item removal{deploy::Item::Action::remove, kService, {}};
  shop.plan.items.insert(shop.plan.items.begin(), removal);
  SUBCASE("its own") {
    shop.apply();
    CHECK_FALSE(shop.cluster.api.find(kService));
    CHECK(shop.seen.count<event::Removed>() == 1);
  }
  SUBCASE("another manager's too") {
    shop.cluster.api.update(kService, "kubectl-edit", [](json::Value &service) {
      service["spec"]["type"] = json::string("NodePort");
    });
    REQUIRE(shop.cluster.api.apply({kService, object("{spec: {type: NodePort}}")}, "argocd", true));
    shop.apply();
    CHECK(shop.cluster.api.find(kService));
    CHECK(shop.warned("Service/hello", "stays: \"argocd\" applies it too"));
  }
  SUBCASE("gone") {
    shop.cluster.api.erase(kService);
    shop.apply();
    CHECK(shop.seen.count<event::Warning>() == 0);
  }
}

TEST_CASE("apply: a removal counts when it has happened") {
  Application shop;
  const deploy::Going going{{kService, shop.cluster.api
                                           .put(object(R"(
apiVersion: v1
kind: Service
metadata: {name: hello, namespace: shop, deletionTimestamp: x, finalizers: [example.com/a, b]}
)"))
                                           .text("metadata", "uid")}};
  const auto await = [&](std::chrono::seconds time) {
    return deploy::await_removals(shop.cluster, going, time, shop.seen.listener);
  };
  CHECK_FALSE(await(3s));
  CHECK(shop.warned("Service/hello", "being removed, held by finalizer example.com/a, b"));
  CHECK(shop.seen.count<event::Removed>() == 0);
  shop.cluster.after(2s, [&] { shop.cluster.api.erase(kService); });
  CHECK(await(1min));
  CHECK(shop.seen.count<event::Removed>() == 1);
}
