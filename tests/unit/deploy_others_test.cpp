#include "hello/status.h"
#include "support/shop.h"

using namespace hello;
using namespace hello::test;
using namespace std::chrono_literals;
namespace event = hello::deploy::event;
using kube::Cause;
using kube::Trouble;

namespace {

const kube::Id kJob{"batch/v1", "Job", "shop", "migrate"};
const std::string kJobYaml = R"(
apiVersion: batch/v1
kind: Job
metadata: {name: migrate, namespace: shop}
spec: {ttlSecondsAfterFinished: 60, template: {spec: {containers: [{name: m, image: m}]}}}
)";
const kube::Id kGizmo{"example.org/v1", "Gizmo", "shop", "g"};
const std::string kGizmoYaml =
    "apiVersion: example.org/v1\nkind: Gizmo\nmetadata: {name: g, namespace: shop}\nspec: {a: b}\n";

release::Set with(const std::string &yaml, const std::string &image = "hello:1") {
  release::Set set = hello_set(image);
  for (kube::Object &one : set_of(yaml)) {
    json::Value &labels = one.value["metadata"]["labels"];
    labels["app.kubernetes.io/managed-by"] = json::string("hello");
    labels["app.kubernetes.io/instance"] = json::string("hello");
    set.push_back(std::move(one));
  }
  return set;
}

struct Others : Shop {
  void set_status(const kube::Id &id, const std::string &status) {
    cluster.api.update(id, "", [&](json::Value &live) { live["status"] = object(status); });
  }
  bool noted(const std::string &words) const {
    for (const auto &note : seen.all<event::Note>())
      if (note.text.find(words) != note.text.npos) return true;
    return false;
  }
  const kube::Problem *problem(Cause cause) const {
    const auto *failing = seen.last<event::Failing>();
    if (!failing) return nullptr;
    for (const kube::Problem &one : failing->outcome.problems)
      if (one.cause == cause) return &one;
    return nullptr;
  }
};

} // namespace

TEST_CASE("others: a deploy is done when its Job is, and says what it waits for") {
  Others shop;
  shop.cluster.after(8s, [&] {
    shop.set_status(kJob, "{succeeded: 1, conditions: [{type: Complete, status: 'True'}]}");
  });
  CHECK(shop.run(with(kJobYaml)) == Exit::ok);
  CHECK(shop.cluster.elapsed() >= 8s);
  CHECK(shop.noted("waiting for Job/migrate: 0 of 1 succeeded"));
}

TEST_CASE("others: a thousand pods that come up one by one are a few lines") {
  Others shop;
  const kube::Id kSet{"apps/v1", "StatefulSet", "shop", "many"};
  for (int i = 0; i <= 100; ++i)
    shop.cluster.after(i * 2s, [&, i] {
      shop.set_status(kSet, "{observedGeneration: 9, replicas: 100, updatedReplicas: 100, "
                            "readyReplicas: " +
                                std::to_string(i) + ", availableReplicas: " + std::to_string(i) +
                                "}");
    });
  CHECK(shop.run(with("apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: many, namespace: "
                      "shop}\nspec: {replicas: 100}\n")) == Exit::ok);
  std::size_t lines = 0;
  for (const auto &note : shop.seen.all<event::Note>())
    lines += note.text.starts_with("waiting for StatefulSet/many: ");
  CHECK(lines >= 2);
  CHECK(lines <= 10);
}

TEST_CASE("others: a failed Job is a failed rollout at once, with its last words") {
  Others shop;
  shop.cluster.logs["migrate-x/m"] = "no such table\n";
  shop.cluster.after(3s, [&] {
    shop.cluster.api.update(kJob, "", [](json::Value &job) {
      job["spec"]["selector"] = object("{matchLabels: {job: migrate}}");
      job["status"] = object("{failed: 1, conditions: [{type: Failed, status: 'True', reason: "
                             "BackoffLimitExceeded, message: too often}]}");
    });
    shop.cluster.api.put(object(
        "{apiVersion: v1, kind: Pod, metadata: {name: migrate-x, namespace: shop, labels: {job: "
        "migrate}}, status: {phase: Failed, containerStatuses: [{name: m, state: {terminated: "
        "{exitCode: 3}}}]}}"));
  });
  CHECK(shop.run(with(kJobYaml)) == Exit::rollout);
  CHECK(shop.cluster.elapsed() < 10s);
  const kube::Problem *failed = shop.problem(Cause::failed);
  REQUIRE(failed);
  CHECK(failed->object() == "Job/migrate");
  CHECK(failed->what == "the Job failed (BackoffLimitExceeded)");
  CHECK(failed->log == "no such table");
}

TEST_CASE("others: what may heal is given up after the grace, what waits at the time limit") {
  Others shop;
  shop.cluster.after(1s, [&] {
    shop.set_status(kGizmo, "{conditions: [{type: Stalled, status: 'True', message: stuck}]}");
  });
  CHECK(shop.run(with(kGizmoYaml)) == Exit::rollout);
  CHECK(shop.cluster.elapsed() < 60s);
  REQUIRE(shop.problem(Cause::not_ready));
  CHECK(shop.problem(Cause::not_ready)->evidence == "stuck");

  Others waits;
  waits.cluster.after(1s, [&] {
    waits.set_status(kGizmo, "{conditions: [{type: Ready, status: 'False', message: soon}]}");
  });
  CHECK(waits.run(with(kGizmoYaml)) == Exit::rollout);
  REQUIRE(waits.problem(Cause::not_ready));
  CHECK(waits.problem(Cause::not_ready)->what == "Ready is False");
  CHECK(waits.seen.last<event::Failing>()->outcome.state == deploy::Outcome::State::timed_out);
}

TEST_CASE("others: a custom resource without a condition is done after five seconds, with a note") {
  Others shop;
  CHECK(shop.run(with(kGizmoYaml)) == Exit::ok);
  CHECK(shop.cluster.elapsed() >= 5s);
  CHECK(shop.cluster.elapsed() < 8s);
  CHECK(shop.noted("Gizmo/g: no condition tells whether it is ready"));
}

TEST_CASE("others: hello/wait: \"false\" leaves an object out") {
  Others shop;
  release::Set set = with(kJobYaml);
  in(set, "Job")["metadata"]["annotations"]["hello/wait"] = json::string("false");
  CHECK(shop.run(set) == Exit::ok);
  CHECK(shop.cluster.elapsed() < 3s);
}

TEST_CASE("others: what may not be read is a warning") {
  Others shop;
  shop.cluster.after(500ms, [&] {
    shop.cluster.fail_always(Operation::read, failure(Trouble::forbidden), "Gizmo/g");
  });
  CHECK(shop.run(with(kGizmoYaml)) == Exit::ok);
  CHECK(shop.warned("Gizmo/g", "whether it is ready may not be read"));
}

TEST_CASE("others: a second Service without an address is a warning, of which nothing else warns") {
  Others shop;
  CHECK(shop.run(with("apiVersion: v1\nkind: Service\nmetadata: {name: front, namespace: shop}\n"
                      "spec: {type: LoadBalancer, ports: [{port: 80}]}\n")) == Exit::ok);
  CHECK(shop.warned("Service/front", "it has no address yet"));
  CHECK(shop.seen.count<event::Warning>() == 1);
}

TEST_CASE("others: a claim that gets no volume fails after the grace, with the cluster's words") {
  Others shop;
  shop.options.grace = 5s;
  const kube::Id id{"v1", "PersistentVolumeClaim", "shop", "c"};
  shop.cluster.after(500ms, [&] {
    shop.set_status(id, "{phase: Pending}");
    json::Value event = object(
        "{apiVersion: v1, kind: Event, metadata: {name: e, namespace: shop}, type: Normal, reason: "
        "FailedBinding, message: no persistent volumes available, involvedObject: {kind: "
        "PersistentVolumeClaim, name: c}, lastTimestamp: '2026-11-23T05:01:29Z'}");
    event["involvedObject"]["uid"] = json::string(shop.cluster.read(id)->text("metadata", "uid"));
    shop.cluster.api.put(std::move(event));
  });
  CHECK(shop.run(with("apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: c, namespace: "
                      "shop}\nspec: {storageClassName: ''}\n")) == Exit::rollout);
  REQUIRE(shop.problem(Cause::not_ready));
  CHECK(shop.problem(Cause::not_ready)->evidence == "no persistent volumes available");
  CHECK(shop.seen.last<event::Failing>()->outcome.state == deploy::Outcome::State::failed);
}

TEST_CASE("others: a claim whose class waits for its first pod is done; another is waited for") {
  const std::string claim = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: c, "
                            "namespace: shop}\nspec: {storageClassName: late}\n";
  for (const char *mode : {"WaitForFirstConsumer", "Immediate"}) {
    Others shop;
    shop.options.timeout = 20s;
    json::Value storage =
        object("{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: late}}");
    storage["volumeBindingMode"] = json::string(mode);
    shop.cluster.api.put(std::move(storage));
    shop.cluster.after(500ms, [&] {
      shop.set_status({"v1", "PersistentVolumeClaim", "shop", "c"}, "{phase: Pending}");
    });
    CHECK(shop.run(with(claim)) == (mode[0] == 'W' ? Exit::ok : Exit::rollout));
  }
}

TEST_CASE("others: status judges them by the same rules") {
  Others shop;
  release::Set set = with(kJobYaml + "---\n" + kGizmoYaml);
  for (kube::Object &one : set)
    if (one.id.kind == "Gizmo")
      one.value["metadata"]["annotations"]["hello/wait"] = json::string("false");
  shop.cluster.after(1s, [&] {
    shop.set_status(kJob, "{conditions: [{type: Complete, status: 'True'}]}");
    shop.set_status(kGizmo, "{conditions: [{type: Failed, status: 'True', reason: Broken}]}");
  });
  REQUIRE(shop.run(set) == Exit::ok);
  const auto health = [&](const std::string &name) {
    release::Pulse pulse;
    const deploy::Status status = deploy::status_of(deploy::observe(shop.cluster, pulse), {});
    for (const deploy::StatusNode &node : status.objects)
      if (node.object == name) return node.health;
    FAIL("no " << name);
    return deploy::Health::good;
  };
  CHECK(health("Job/migrate") == deploy::Health::good);
  CHECK(health("Gizmo/g") == deploy::Health::good); // not waited for, here neither
  shop.set_status(kJob, "{conditions: [{type: Failed, status: 'True', reason: Late}]}");
  CHECK(health("Job/migrate") == deploy::Health::bad);
}

TEST_CASE("others: the last words of a Job whose pods are gone when it fails are kept") {
  Others shop;
  const std::string job = "apiVersion: batch/v1\nkind: Job\nmetadata: {name: migrate, namespace: "
                          "tools}\nspec: {selector: {matchLabels: {job: migrate}}, template: "
                          "{spec: {containers: [{name: m, image: m}]}}}\n";
  const kube::Id id{"batch/v1", "Job", "tools", "migrate"};
  shop.cluster.api.put(object("{apiVersion: v1, kind: Namespace, metadata: {name: tools}}"));
  shop.cluster.logs["migrate-x/m"] = "no such table\n";
  const kube::Id pod{"v1", "Pod", "tools", "migrate-x"};
  shop.cluster.after(2s, [&] {
    shop.cluster.api.put(object(
        "{apiVersion: v1, kind: Pod, metadata: {name: migrate-x, namespace: tools, labels: {job: "
        "migrate}}, status: {phase: Running, containerStatuses: [{name: m, restartCount: 1, "
        "lastState: {terminated: {exitCode: 3}}, state: {waiting: {reason: "
        "CrashLoopBackOff}}}]}}"));
  });
  shop.cluster.after(6s, [&] {
    shop.cluster.api.erase(pod);
    shop.set_status(id, "{failed: 1, conditions: [{type: Failed, status: 'True', reason: "
                        "BackoffLimitExceeded}]}");
  });
  CHECK(shop.run(with(job)) == Exit::rollout);
  const kube::Problem *failed = shop.problem(Cause::failed);
  REQUIRE(failed);
  CHECK(failed->log == "no such table");
  CHECK(shop.cluster.log_queries.back().ns == "tools");
}

TEST_CASE("others: a pod that ended badly is a failed rollout at once, with its exit code") {
  Others shop;
  shop.cluster.logs["once/m"] = "no such table\n";
  shop.cluster.after(2s, [&] {
    shop.set_status({"v1", "Pod", "shop", "once"},
                    "{phase: Failed, containerStatuses: [{name: side, state: {terminated: "
                    "{exitCode: 0}}}, {name: m, state: {terminated: {exitCode: 3}}}]}");
  });
  CHECK(shop.run(set_of("{apiVersion: v1, kind: Pod, metadata: {name: once, namespace: shop}, "
                        "spec: {restartPolicy: Never, containers: [{name: m, image: m}]}}")) ==
        Exit::rollout);
  CHECK(shop.cluster.elapsed() < 10s);
  const kube::Problem *crash = shop.problem(Cause::crash);
  REQUIRE(crash);
  CHECK(crash->container == "m");
  CHECK(crash->what == "the container ended with exit code 3");
  CHECK(crash->log == "no such table");
}

TEST_CASE("others: a workload whose pods are refused fails after the grace, with the reason") {
  const char *const refusal = "exceeded quota: small";
  for (const std::string kind : {"StatefulSet", "Deployment"}) {
    CAPTURE(kind);
    Others shop;
    shop.options.grace = 5s;
    const kube::Id id{"apps/v1", kind, "shop", "worker"};
    const bool is_set = kind == "StatefulSet";
    shop.cluster.after(1s, [&] {
      shop.set_status(id, is_set ? "{observedGeneration: 1}"
                                 : "{observedGeneration: 1, conditions: [{type: ReplicaFailure, "
                                   "status: 'True', message: 'exceeded quota: small'}]}");
      if (is_set) put_event(shop.cluster, id, "FailedCreate", refusal);
    });
    CHECK(shop.run(with("apiVersion: apps/v1\nkind: " + kind +
                        "\nmetadata: {name: worker, namespace: shop}\nspec: {replicas: 2, "
                        "selector: {matchLabels: {a: b}}, template: {spec: {containers: [{name: "
                        "m, image: m}]}}}\n")) == Exit::rollout);
    CHECK(shop.seen.last<event::Failing>()->outcome.state == deploy::Outcome::State::failed);
    REQUIRE(shop.problem(Cause::not_ready));
    CHECK(shop.problem(Cause::not_ready)->object() == kind + "/worker");
    CHECK(shop.problem(Cause::not_ready)->evidence == refusal);
  }
}

TEST_CASE("others: a claim that has its first pod is waited for like any other") {
  Others shop;
  shop.options.timeout = 20s;
  shop.cluster.api.put(object("{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: "
                              "{name: late}, volumeBindingMode: WaitForFirstConsumer}"));
  shop.cluster.on_write = [&](const kube::Id &id) {
    if (id.kind != "PersistentVolumeClaim") return;
    shop.set_status(id, "{phase: Pending}");
    shop.cluster.api.update(id, "", [](json::Value &claim) {
      claim["metadata"]["annotations"]["volume.kubernetes.io/selected-node"] = json::string("n");
    });
  };
  CHECK(shop.run(with("apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: c, namespace: "
                      "shop}\nspec: {storageClassName: late}\n")) == Exit::rollout);
}

TEST_CASE("others: another workload's autoscaler, and a Deployment of the same name elsewhere, are "
          "not the release's") {
  Others shop;
  shop.cluster.api.put(object("{apiVersion: v1, kind: Namespace, metadata: {name: tools}}"));
  const release::Set set = with(
      "{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: worker, "
      "namespace: shop}, spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: "
      "worker}, minReplicas: 5, maxReplicas: 9}}\n---\n{apiVersion: apps/v1, kind: Deployment, "
      "metadata: {name: hello, namespace: tools, annotations: {hello/wait: 'false'}}, spec: "
      "{replicas: 7, template: {spec: {containers: [{name: c, image: other}]}}}}");
  REQUIRE(shop.run(set) == Exit::ok);
  release::Pulse pulse;
  const deploy::Status status = deploy::status_of(deploy::observe(shop.cluster, pulse), {});
  CHECK(status.state == deploy::State::healthy);
  CHECK(status.image == "hello:1");
  CHECK(status.summary == "2 of 2 pods available");
  shop.controller.statuses["hello:2"] = pod_status::waiting("InvalidImageName");
  release::Set second = set;
  in(second, "Deployment") = hello_set("hello:2")[1].value;
  in(second, "ConfigMap")["data"]["A"] = json::string("unrecorded");
  CHECK(shop.run(second) == Exit::rollout);
  CHECK(shop.how_it_was_left() == event::Failed::Left::rolled_back);
}

TEST_CASE("others: status finds an object with labels of its own") {
  Others shop;
  release::Set set = hello_set();
  for (const kube::Object &one :
       set_of("{apiVersion: v1, kind: ConfigMap, metadata: {name: theirs, namespace: shop, labels: "
              "{app.kubernetes.io/instance: redis}}, data: {a: b}}"))
    set.push_back(one);
  REQUIRE(shop.run(set) == Exit::ok);
  release::Pulse pulse;
  for (const deploy::StatusNode &node :
       deploy::status_of(deploy::observe(shop.cluster, pulse), {}).objects)
    if (node.object == "ConfigMap/theirs") CHECK(node.health == deploy::Health::good);
  shop.cluster.api.erase({"v1", "ConfigMap", "shop", "theirs"});
  CHECK(deploy::status_of(deploy::observe(shop.cluster, pulse), {}).health == deploy::Health::bad);
}
