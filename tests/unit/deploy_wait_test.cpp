#include "support/shop.h"

using namespace hello;
using namespace hello::test;
using namespace std::chrono_literals;
namespace event = hello::deploy::event;
using kube::Cause;
using kube::Trouble;
using State = deploy::Outcome::State;

namespace {

const kube::Id kPod{"v1", "Pod", "shop", "hello-1-1"},
    kSet{"apps/v1", "ReplicaSet", "shop", "hello-1"};

/// A set that was applied, with pods that are on their way; nothing else happens by itself.
struct Rollout : Shop {
  deploy::Applied applied;
  sys::Deadline began;

  explicit Rollout(const std::string &status = pod_status::running(),
                   const release::Set &set = hello_set()) {
    controller.delay = 24h;
    const deploy::Plan plan = deploy::make_plan(cluster, set, options);
    applied = deploy::apply(cluster, plan, options, cluster.now() + 1min, seen.listener);
    controller.roll_out();
    controller.set_pods(status);
    seen.events.clear();
    began = cluster.now();
  }

  deploy::Outcome wait() { return deploy::wait(cluster, applied, options, seen.listener); }
  std::chrono::milliseconds time() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(cluster.now() - began);
  }
  void ready_after(std::chrono::milliseconds time) {
    cluster.after(time, [this] { controller.set_pods(pod_status::kReady); });
  }
  void change(const kube::Id &id, const std::function<void(json::Value &)> &how) {
    cluster.api.update(id, "", how);
  }
  /// A condition of the Deployment or its ReplicaSet.
  void add_condition(const kube::Id &id, const std::string &condition) {
    change(id, [&](json::Value &it) { it["status"]["conditions"].push(object(condition)); });
  }
  void pods_are(const std::string &status) { controller.set_pods(status); }
};

struct Case {
  std::string name;
  Cause cause;
  std::function<void(Rollout &)> happens;
  std::chrono::milliseconds longest; ///< until it is given up
};

void unschedule(Rollout &it) {
  it.pods_are("{phase: Pending, conditions: [{type: PodScheduled, status: 'False', reason: "
              "Unschedulable, message: no room}]}");
  for (const char *name : {"hello-1-1", "hello-1-2"})
    it.change({"v1", "Pod", "shop", name}, [](json::Value &pod) { pod["spec"].erase("nodeName"); });
}

const std::vector<Case> &fatal_cases() {
  static const std::vector<Case> all = {
      {"image name", Cause::image_name,
       [](Rollout &it) { it.pods_are(pod_status::waiting("InvalidImageName")); }, 0ms},
      {"image never pulled", Cause::image_pull,
       [](Rollout &it) { it.pods_are(pod_status::waiting("ErrImageNeverPull")); }, 0ms},
      {"missing configuration", Cause::config,
       [](Rollout &it) {
         it.pods_are(pod_status::waiting("CreateContainerConfigError", "secret not found"));
       },
       0ms},
      {"refused by Pod Security", Cause::refused,
       [](Rollout &it) {
         it.add_condition(kSet, "{type: ReplicaFailure, status: 'True', message: violates "
                                "PodSecurity}");
       },
       0ms},
      {"refused by a policy", Cause::refused,
       [](Rollout &it) {
         it.add_condition(kSet, "{type: ReplicaFailure, status: 'True', message: webhook denied "
                                "the request}");
       },
       0ms},
      {"progress deadline, once its reasons had a second", Cause::deadline,
       [](Rollout &it) {
         it.add_condition(kDeployment, "{type: Progressing, status: 'False', reason: "
                                       "ProgressDeadlineExceeded, message: m}");
       },
       1000ms},
  };
  return all;
}

const std::vector<Case> &recoverable_cases() {
  static const std::vector<Case> all = {
      {"image pull",
       Cause::image_pull,
       [](Rollout &it) { it.pods_are(pod_status::waiting("ErrImagePull", "no such host")); },
       {}},
      {"crash", Cause::crash, [](Rollout &it) { it.pods_are(pod_status::crashed(3)); }, {}},
      {"start",
       Cause::start,
       [](Rollout &it) { it.pods_are(pod_status::waiting("RunContainerError")); },
       {}},
      {"a slow cache of configuration",
       Cause::config,
       [](Rollout &it) {
         it.pods_are(pod_status::waiting("CreateContainerConfigError", "failed to sync"));
       },
       {}},
      {"probe",
       Cause::probe,
       [](Rollout &it) { put_event(it.cluster, kPod, "Unhealthy", "Readiness probe failed: 503"); },
       {}},
      {"unschedulable", Cause::unschedulable, unschedule, {}},
      {"quota",
       Cause::quota,
       [](Rollout &it) {
         it.add_condition(kSet, "{type: ReplicaFailure, status: 'True', message: exceeded quota}");
       },
       {}},
      {"a webhook that does not answer",
       Cause::refused,
       [](Rollout &it) {
         it.add_condition(kSet, "{type: ReplicaFailure, status: 'True', message: failed calling "
                                "webhook}");
       },
       {}},
      {"volume",
       Cause::volume,
       [](Rollout &it) {
         it.pods_are(pod_status::waiting("ContainerCreating"));
         put_event(it.cluster, kPod, "FailedMount", "no such volume");
       },
       {}},
      {"node",
       Cause::node,
       [](Rollout &it) { put_event(it.cluster, kPod, "NodeNotReady", "Node is not ready"); },
       {}},
      {"paused",
       Cause::paused,
       [](Rollout &it) {
         it.change(kDeployment, [](json::Value &deployment) {
           deployment["spec"]["paused"] = json::boolean(true);
           deployment["status"]["observedGeneration"] = json::integer(9);
         });
       },
       {}},
  };
  return all;
}

} // namespace

TEST_CASE("wait: ready pods end it, with each step reported once") {
  Rollout it;
  it.ready_after(3s);
  const deploy::Outcome outcome = it.wait();
  CHECK(outcome.state == State::ready);
  CHECK(outcome.problems.empty());
  CHECK(it.time() == 3s);
  const auto pods = it.seen.all<event::Pod>();
  REQUIRE(pods.size() == 4); // two pods: started, then ready
  CHECK(pods[0].name == "hello-1-1");
  CHECK(pods[0].step == kube::Step::started);
  CHECK(pods[3].name == "hello-1-2");
  CHECK(pods[3].step == kube::Step::ready);
  const auto progress = it.seen.all<event::Progress>();
  REQUIRE(progress.size() == 2);
  CHECK(progress[0].wanted == 2);
  CHECK(progress[0].available == 0);
  CHECK(progress[1].available == 2);
  CHECK(progress[1].pods.size() == 2);
  CHECK(it.seen.count<event::Tick>() >= 5); // time passed without news
}

TEST_CASE("wait: what is ready already ends it at once") {
  Rollout it(pod_status::kReady);
  CHECK(it.wait().state == State::ready);
  CHECK(it.time() == 0s);
}

TEST_CASE("wait: a set without a Deployment is ready without a look") {
  Rollout it;
  it.applied.deployment.clear();
  CHECK(it.wait().state == State::ready);
  CHECK(it.seen.events.empty());
}

TEST_CASE("wait: a status of an older generation is not believed") {
  Rollout it(pod_status::kReady);
  it.change(kDeployment, [](json::Value &deployment) {
    deployment["status"]["observedGeneration"] = json::integer(0);
  });
  it.ready_after(4s);
  CHECK(it.wait().state == State::ready);
  CHECK(it.time() == 4s);
}

TEST_CASE("wait: until the controller has taken in the change, old pods are not reported as new") {
  Rollout it(pod_status::kReady);
  const deploy::Plan plan = deploy::make_plan(it.cluster, hello_set("hello:2"), it.options);
  it.applied =
      deploy::apply(it.cluster, plan, it.options, it.cluster.now() + 1min, it.seen.listener);
  it.seen.events.clear();
  it.cluster.after(1s, [&] { put_event(it.cluster, kPod, "Unhealthy", "an old pod"); });
  it.cluster.after(3s, [&] { it.controller.roll_out(); });
  CHECK(it.wait().state == State::ready);
  REQUIRE(it.seen.count<event::Pod>() == 2);
  for (const event::Pod &pod : it.seen.all<event::Pod>()) {
    CHECK(pod.name.starts_with("hello-2-"));
    CHECK(pod.step == kube::Step::ready);
  }
}

TEST_CASE("wait: an autoscaler's minimum is waited for") {
  Rollout it(pod_status::kReady, autoscaled(hello_set()));
  it.change(kAutoscaler,
            [](json::Value &scaler) { scaler["spec"]["minReplicas"] = json::integer(5); });
  it.cluster.after(6s, [&] { it.scale(5); });
  CHECK(it.wait().state == State::ready);
  CHECK(it.time() == 6s);
  CHECK(it.seen.all<event::Progress>().front().wanted == 5);
}

TEST_CASE("wait: a fatal problem ends it without grace") {
  for (const Case &one : fatal_cases()) {
    CAPTURE(one.name);
    Rollout it;
    it.cluster.after(5s, [&] { one.happens(it); });
    const deploy::Outcome outcome = it.wait();
    CHECK(outcome.state == State::failed);
    REQUIRE_FALSE(outcome.problems.empty());
    CHECK(outcome.problems[0].cause == one.cause);
    CHECK(outcome.problems[0].fatal);
    CHECK(it.time() >= 5s + one.longest);
    CHECK(it.time() <= 5s + one.longest + 500ms);
    REQUIRE(it.seen.last<event::Problem>());
    CHECK(it.seen.last<event::Problem>()->problem.cause == one.cause);
  }
}

TEST_CASE("wait: a recoverable problem ends it after the grace, reported once") {
  for (const Case &one : recoverable_cases()) {
    CAPTURE(one.name);
    Rollout it;
    it.options.grace = 12s;
    it.cluster.after(5s, [&] { one.happens(it); });
    const deploy::Outcome outcome = it.wait();
    CHECK(outcome.state == State::failed);
    REQUIRE_FALSE(outcome.problems.empty());
    CHECK(outcome.problems[0].cause == one.cause);
    CHECK_FALSE(outcome.problems[0].fatal);
    CHECK(it.time() >= 17s);
    CHECK(it.time() <= 18s);
    CHECK(it.seen.count<event::Problem>() == 1);
  }
}

TEST_CASE("wait: a recoverable problem that heals within the grace fails nothing") {
  for (const Case &one : recoverable_cases()) {
    if (one.cause == Cause::paused) continue;
    CAPTURE(one.name);
    Rollout it;
    it.options.grace = 12s;
    it.cluster.after(5s, [&] { one.happens(it); });
    it.ready_after(16s);
    CHECK(it.wait().state == State::ready);
    CHECK(it.seen.count<event::Problem>() == 1);
  }
}

TEST_CASE("wait: a probe that fails for less than two seconds is not reported") {
  Rollout it;
  it.cluster.after(1s, [&] { put_event(it.cluster, kPod, "Unhealthy", "Readiness probe failed"); });
  it.ready_after(2500ms);
  CHECK(it.wait().state == State::ready);
  CHECK(it.seen.count<event::Problem>() == 0);
}

TEST_CASE("wait: a probe that makes the kubelet restart the container is reported at once") {
  Rollout it(pod_status::crashed(137));
  it.cluster.after(1s, [&] { put_event(it.cluster, kPod, "Unhealthy", "Liveness probe failed"); });
  it.ready_after(2s);
  CHECK(it.wait().state == State::ready);
  REQUIRE(it.seen.last<event::Problem>());
  CHECK(it.seen.last<event::Problem>()->problem.cause == Cause::probe);
  CHECK(it.seen.last<event::Problem>()->problem.restarts);
}

TEST_CASE("wait: a crash loop is one problem, though the container runs in between") {
  Rollout it;
  it.options.grace = 30s;
  for (int i = 0; i < 10; ++i) {
    it.cluster.after(i * 10s, [&] { it.pods_are(pod_status::crashed(1)); });
    it.cluster.after(i * 10s + 3s, [&] { it.pods_are(pod_status::running()); });
  }
  CHECK(it.wait().state == State::failed);
  CHECK(it.time() == 30s);
  CHECK(it.seen.count<event::Problem>() == 1);
}

TEST_CASE("wait: a problem that stays away for 20 seconds begins anew") {
  Rollout it;
  it.options.grace = 30s;
  it.options.timeout = 50s;
  it.pods_are(pod_status::crashed(1));
  it.cluster.after(5s, [&] { it.pods_are(pod_status::running()); });
  it.cluster.after(28s, [&] { it.pods_are(pod_status::crashed(1)); });
  CHECK(it.wait().state == State::timed_out);
  CHECK(it.seen.count<event::Problem>() == 2);
}

TEST_CASE("wait: the time limit ends it, with the reasons of the last look") {
  Rollout it(pod_status::waiting("ErrImagePull", "no such host"));
  it.options.timeout = 20s;
  const deploy::Outcome outcome = it.wait();
  CHECK(outcome.state == State::timed_out);
  CHECK(it.time() == 20s);
  REQUIRE(outcome.problems.size() == 2); // of both pods
  CHECK(outcome.problems[0].evidence == "no such host");
}

TEST_CASE("wait: pods that never get anywhere reach the time limit without a reason") {
  Rollout it;
  const deploy::Outcome outcome = it.wait();
  CHECK(outcome.state == State::timed_out);
  CHECK(outcome.problems.empty());
  CHECK(it.time() == 300s);
}

TEST_CASE("wait: an interruption ends it at once") {
  Rollout it;
  it.cluster.interrupt_after(7s);
  CHECK_THROWS_WITH_AS(it.wait(), "interrupted", Error);
  CHECK(it.time() == 7s);
}

TEST_CASE("wait: an API server that is away for a while is waited for") {
  Rollout it;
  it.cluster.after(5s, [&] { it.cluster.set_offline(true); });
  it.ready_after(8s); // while nothing can be seen
  it.cluster.after(60s, [&] { it.cluster.set_offline(false); });
  CHECK(it.wait().state == State::ready);
  CHECK(it.time() == 60s);
  REQUIRE(it.seen.count<event::Warning>() == 1);
  CHECK(it.warned("", "the API server does not answer; waiting for it"));
  REQUIRE(it.seen.count<event::Note>() == 1);
  CHECK(it.seen.last<event::Note>()->text == "the API server answers again");
}

TEST_CASE("wait: an API server that stays away leads to the time limit") {
  Rollout it;
  it.cluster.set_offline(true);
  CHECK(it.wait().state == State::timed_out);
  CHECK(it.time() == 300s);
  CHECK(it.seen.count<event::Warning>() == 1);
  CHECK(it.seen.count<event::Progress>() == 0); // nothing was seen
}

TEST_CASE("wait: without the right to watch pods there is no wait") {
  for (const char *kind : {"Deployment", "ReplicaSet", "Pod"}) {
    CAPTURE(kind);
    Rollout it;
    it.cluster.fail_always(Operation::watch, failure(Trouble::forbidden), kind);
    CHECK_THROWS_AS(it.wait(), Error);
    CHECK(it.time() == 0s);
  }
}

TEST_CASE("wait: without the right to watch events the reasons are poorer, with one warning") {
  for (const char *kind : {"Event", "HorizontalPodAutoscaler"}) {
    CAPTURE(kind);
    Rollout it;
    it.cluster.fail_always(Operation::watch, failure(Trouble::forbidden), kind);
    it.ready_after(3s);
    CHECK(it.wait().state == State::ready);
    CHECK(it.seen.count<event::Warning>() == 1);
  }
}

TEST_CASE("wait: a cluster without autoscalers is no reason to warn") {
  Rollout it;
  it.cluster.fail_always(Operation::watch, failure(Trouble::unknown_kind),
                         "HorizontalPodAutoscaler");
  it.ready_after(3s);
  CHECK(it.wait().state == State::ready);
  CHECK(it.seen.count<event::Warning>() == 0);
}

TEST_CASE("wait: a Deployment that is removed ends it") {
  Rollout it;
  it.cluster.after(4s, [&] { it.cluster.api.erase(kDeployment); });
  CHECK(it.wait().state == State::gone);
  CHECK(it.time() == 4s);
}

TEST_CASE("wait: another deploy's template ends it") {
  Rollout it;
  it.cluster.after(4s, [&] {
    it.change(kDeployment, [](json::Value &deployment) {
      deployment["spec"]["template"]["spec"]["hostname"] = json::string("other");
    });
  });
  CHECK(it.wait().state == State::superseded);
  CHECK(it.time() == 4s);
}

TEST_CASE("wait: pods of an older template do not count, and are not reported") {
  Rollout it(pod_status::kReady);
  it.change(kDeployment, [](json::Value &deployment) {
    deployment["spec"]["template"]["spec"]["hostname"] = json::string("newer");
  });
  it.applied.template_text =
      json::canonical(it.cluster.api.find(kDeployment)->at("spec", "template"));
  it.options.timeout = 5s;
  CHECK(it.wait().state == State::timed_out);
  it.controller.roll_out();
  it.seen.events.clear();
  CHECK(it.wait().state == State::ready);
  for (const event::Pod &pod : it.seen.all<event::Pod>()) CHECK(pod.name.starts_with("hello-2-"));
}

TEST_CASE("wait: pods of an older set, or that are being removed, are not reported") {
  Rollout it;
  const auto add_pod = [&](const std::string &name, const std::string &metadata) {
    json::Value pod = *it.cluster.api.find(kPod);
    pod["metadata"] = object("{name: " + name + ", namespace: shop, " + metadata + "}");
    pod["metadata"]["labels"] = it.cluster.api.find(kPod)->at("metadata", "labels");
    it.cluster.api.put(pod);
  };
  const std::string set = it.cluster.api.find(kSet)->text("metadata", "uid");
  add_pod("old", "ownerReferences: [{uid: other, controller: true}]");
  add_pod("ending", "deletionTimestamp: '2026-11-23T04:00:00Z', ownerReferences: [{uid: " + set +
                        ", controller: true}]");
  it.options.timeout = 5s;
  CHECK(it.wait().state == State::timed_out);
  CHECK(it.seen.count<event::Pod>() == 2);
}

TEST_CASE("wait: another Deployment's autoscaler does not count") {
  Rollout it(pod_status::kReady);
  it.cluster.api.put(object("{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: "
                            "{name: other, namespace: shop}, spec: {minReplicas: 9, "
                            "scaleTargetRef: {kind: Deployment, name: other}}}"));
  CHECK(it.wait().state == State::ready);
}

TEST_CASE("wait: news that change nothing of the progress are none") {
  Rollout it;
  it.cluster.after(1s, [&] { put_event(it.cluster, kPod, "Pulled", "fine", "Normal"); });
  it.ready_after(2s);
  CHECK(it.wait().state == State::ready);
  CHECK(it.seen.count<event::Progress>() == 2);
}

TEST_CASE("wait: a crash loop that runs at the time limit is its reason all the same") {
  Rollout it;
  it.options.timeout = 10s;
  it.cluster.after(5s, [&] { it.pods_are(pod_status::crashed(1)); });
  it.cluster.after(8s, [&] { it.pods_are(pod_status::running()); });
  const deploy::Outcome outcome = it.wait();
  CHECK(outcome.state == State::timed_out);
  REQUIRE_FALSE(outcome.problems.empty());
  CHECK(outcome.problems[0].cause == Cause::crash);
}

TEST_CASE("wait: one log stands for all pods with the same crash, and none for other problems") {
  SUBCASE("crash") {
    Rollout it(pod_status::crashed(1));
    it.options.grace = 2s;
    for (const char *name : {"hello-1-1/hello", "hello-1-2/hello"})
      it.cluster.previous_logs[name] = "cannot bind\n";
    const deploy::Outcome outcome = it.wait();
    REQUIRE(outcome.problems.size() == 2);
    CHECK(outcome.problems[0].log.has_value() != outcome.problems[1].log.has_value());
  }
  SUBCASE("another") {
    Rollout it(pod_status::waiting("InvalidImageName"));
    it.cluster.logs["hello-1-1/hello"] = it.cluster.logs["hello-1-2/hello"] = "x";
    for (const kube::Problem &problem : it.wait().problems) CHECK_FALSE(problem.log);
  }
}

TEST_CASE("wait: a restart of a container is news") {
  Rollout it(pod_status::crashed(1, 1));
  it.cluster.after(2s, [&] { it.pods_are(pod_status::crashed(1, 2)); });
  it.options.grace = 5s;
  CHECK(it.wait().state == State::failed);
  CHECK(it.seen.count<event::Pod>() == 4);
  CHECK(it.seen.last<event::Pod>()->restarts == 2);
}

TEST_CASE("wait: a crash is reported with the log of the container that ended") {
  Rollout it(pod_status::crashed(1));
  it.options.grace = 2s;
  it.cluster.logs["hello-1-1/hello"] = "the next try\n";
  SUBCASE("before the restart") {
    it.cluster.previous_logs["hello-1-1/hello"] = "cannot bind\n\n";
    CHECK(it.wait().problems.at(0).log == "cannot bind");
  }
  SUBCASE("of the one that runs, if there is no other") {
    CHECK(it.wait().problems.at(0).log == "the next try");
  }
  SUBCASE("of the one that runs, if the other wrote nothing") {
    it.cluster.previous_logs["hello-1-1/hello"] = "";
    CHECK(it.wait().problems.at(0).log == "the next try");
  }
  REQUIRE(it.seen.last<event::Problem>());
  CHECK(it.seen.last<event::Problem>()->problem.log);
}

TEST_CASE("wait: a crash whose log cannot be read has none") {
  Rollout it(pod_status::crashed(1));
  it.options.grace = 2s;
  it.cluster.fail_always(Operation::log, failure(Trouble::forbidden));
  const deploy::Outcome outcome = it.wait();
  CHECK(outcome.state == State::failed);
  CHECK_FALSE(outcome.problems.at(0).log);
}

TEST_CASE("wait: warnings of the cluster come once, unless a problem brings their words") {
  Rollout it;
  put_event(it.cluster, kPod, "FailedScheduling", "no room");
  put_event(it.cluster, kPod, "Strange", "odd");
  put_event(it.cluster, kDeployment, "Strange", "odd too");
  put_event(it.cluster, kSet, "Strange", "odd");
  put_event(it.cluster, kPod, "Pulled", "fine", "Normal");
  it.ready_after(2s);
  CHECK(it.wait().state == State::ready);
  const auto warnings = it.seen.all<event::ClusterWarning>();
  REQUIRE(warnings.size() == 2);
  CHECK(warnings[0].happening.message == "odd too");
  CHECK(warnings[1].happening.message == "odd");
}

TEST_CASE("wait: an event that is gone is forgotten") {
  Rollout it;
  put_event(it.cluster, kPod, "NodeNotReady", "Node is not ready");
  it.options.grace = 10s;
  it.options.timeout = 40s;
  it.cluster.after(3s, [&] {
    std::vector<kube::Id> events;
    for (const auto &[id, value] : it.cluster.api.all())
      if (id.kind == "Event") events.push_back(id);
    for (const kube::Id &id : events) it.cluster.api.erase(id);
  });
  CHECK(it.wait().state == State::timed_out);
}

TEST_CASE("wait: pods that a node leaves alone make hello look at the node") {
  Rollout it("{phase: Pending, conditions: [{type: PodScheduled, status: 'True'}]}");
  it.options.grace = 10s;
  SUBCASE("there is no such node") {
    const deploy::Outcome outcome = it.wait();
    CHECK(outcome.state == State::failed);
    CHECK(outcome.problems.at(0).cause == Cause::node);
    CHECK(outcome.problems.at(0).evidence == "there is no such node");
    CHECK(it.time() > 13s); // 3 s of silence, then the grace
    CHECK(it.time() <= 14s);
  }
  SUBCASE("it is not ready") {
    it.cluster.api.put(object("{apiVersion: v1, kind: Node, metadata: {name: lab}, status: "
                              "{conditions: [{type: Ready, status: Unknown, reason: "
                              "NodeStatusUnknown, message: no word}]}}"));
    CHECK(it.wait().problems.at(0).evidence == "NodeStatusUnknown: no word");
  }
  SUBCASE("it is well") {
    it.cluster.api.put(object("{apiVersion: v1, kind: Node, metadata: {name: lab}, status: "
                              "{conditions: [{type: Ready, status: 'True'}]}}"));
    CHECK(it.wait().state == State::timed_out);
    CHECK(it.cluster.reads["Node/lab"] <= 200); // of two pods, every 3 s
    CHECK(it.cluster.reads["Node/lab"] >= 100);
  }
  SUBCASE("it may not be read") {
    it.cluster.fail_always(Operation::read, failure(Trouble::forbidden), "Node/lab");
    CHECK(it.wait().state == State::timed_out);
  }
  SUBCASE("it comes back") {
    it.cluster.after(8s, [&] {
      it.cluster.api.put(object("{apiVersion: v1, kind: Node, metadata: {name: lab}, status: "
                                "{conditions: [{type: Ready, status: 'True'}]}}"));
    });
    CHECK(it.wait().state == State::timed_out);
  }
}

TEST_CASE("wait: an outcome is described with its state and one problem of each kind") {
  const kube::Problem crash{Cause::crash, "Pod", "a", "hello", "it ended", "", false},
      other{Cause::crash, "Pod", "b", "hello", "it ended", "", false},
      quota{Cause::quota, "ReplicaSet", "s", "", "no quota", "exceeded", false};
  CHECK(deploy::describe({State::failed, {crash, other, quota}}, 30s) ==
        "it cannot become ready\nPod/a and 1 more: hello: it ended\nReplicaSet/s: no quota: "
        "exceeded");
  CHECK(deploy::describe({State::timed_out, {}}, 30s) == "not ready after 30 s (--timeout)");
}

TEST_CASE("wait: pods that end in different ways are different failures, restarts and nodes do not "
          "count") {
  const auto problem = [](Cause cause, const char *name, const char *what) {
    return kube::Problem{cause, "Pod", name, "", what, "", false};
  };
  CHECK(deploy::describe({State::failed,
                          {problem(Cause::crash, "a", "it ended with exit code 1, 1 restart"),
                           problem(Cause::crash, "b", "it ended with exit code 1, 7 restarts"),
                           problem(Cause::crash, "c", "it ended with exit code 2"),
                           problem(Cause::node, "d", "its node n1 is gone"),
                           problem(Cause::node, "e", "its node n2 is gone")}},
                         30s) ==
        "it cannot become ready\nPod/a and 1 more: it ended with exit code 1, 1 restart\n"
        "Pod/c: it ended with exit code 2\nPod/d and 1 more: its node n1 is gone");
}

TEST_CASE("wait: each failure is reported once, with the number of the others that share it") {
  Rollout it(pod_status::waiting("ErrImagePull", "i/o timeout"));
  it.options.grace = 5s;
  CHECK(it.wait().state == State::failed);
  const auto problems = it.seen.all<event::Problem>();
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].more == 1);
}

TEST_CASE(
    "wait: a registry's refusal ends it after the second try, without the rest of the grace") {
  for (const char *words : {"no-such:1: not found", "pull access denied", "401 Unauthorized"}) {
    CAPTURE(words);
    Rollout it(pod_status::waiting("ErrImagePull", words));
    it.options.grace = 60s;
    CHECK(it.wait().state == State::failed);
    CHECK(it.time() >= 13s);
    CHECK(it.time() < 16s);
  }
  Rollout slow(pod_status::waiting("ErrImagePull", "i/o timeout"));
  slow.options.grace = 60s;
  CHECK(slow.wait().state == State::failed);
  CHECK(slow.time() >= 60s);
}

TEST_CASE("wait: the same end with the same last words twice ends it early; other words do not") {
  for (const char *second : {"no port 81\n", "something else\n"}) {
    Rollout it(pod_status::crashed(2, 0));
    it.options.grace = 60s;
    for (const char *pod : {"hello-1-1/hello", "hello-1-2/hello"})
      it.cluster.previous_logs[pod] = "no port 80\n";
    it.cluster.after(12s, [&] {
      for (const char *pod : {"hello-1-1/hello", "hello-1-2/hello"})
        it.cluster.previous_logs[pod] = second;
      it.pods_are(pod_status::crashed(2, 2));
    });
    CHECK(it.wait().state == State::failed);
    CHECK((it.time() < 15s) == (second[0] == 'n'));
  }
}

TEST_CASE("wait: once a pod was ready, nothing ends it early") {
  Rollout it(pod_status::crashed(2, 0));
  it.options.grace = 60s;
  for (const char *pod : {"hello-1-1/hello", "hello-1-2/hello"})
    it.cluster.previous_logs[pod] = "no port 80\n";
  it.change({"v1", "Pod", "shop", "hello-1-2"},
            [](json::Value &pod) { pod["status"] = object(pod_status::kReady); });
  it.change(kDeployment, [](json::Value &deployment) {
    deployment["status"]["availableReplicas"] = json::integer(1);
  });
  it.cluster.after(12s, [&] { it.pods_are(pod_status::crashed(2, 2)); });
  CHECK(it.wait().state == State::failed);
  CHECK(it.time() >= 60s);
}

TEST_CASE("wait: pods that crash in turn are not asked for their logs again and again") {
  Rollout it(pod_status::crashed(2, 1));
  it.cluster.previous_logs["hello-1-1/hello"] = "no port\n";
  it.cluster.after(1s, [&] {
    it.cluster.api.update({"v1", "Pod", "shop", "hello-1-2"}, "", [](json::Value &pod) {
      pod["status"] = object(pod_status::crashed(2, 3));
    });
  });
  CHECK(it.wait().state == State::failed);
  CHECK(it.time() >= 30s);
  CHECK(it.cluster.reads["log hello-1-1/hello"] + it.cluster.reads["log hello-1-2/hello"] < 12);
}
