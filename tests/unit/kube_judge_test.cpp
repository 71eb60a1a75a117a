#include <doctest/doctest.h>

#include "hello/kube.h"
#include "hello/snapshot.h"

using namespace hello;
using kube::Cause;

namespace {

json::Value object(const std::string &text) { return json::parse(text, "test"); }

/// A pod of ReplicaSet rs1 as the API server writes it; `status` is what the case is about.
std::string pod(const std::string &status) {
  return R"({"metadata":{"name":"hello-5d9-x","uid":"p1","creationTimestamp":"2026-11-23T05:00:00Z","ownerReferences":[{"kind":"ReplicaSet","uid":"rs1","controller":true}]},)"
         R"("spec":{"nodeName":"lab"},"status":)" +
         status + "}";
}

/// The one container's status.
std::string container(const std::string &state, const std::string &last = "{}", int restarts = 0) {
  return R"({"phase":"Running","conditions":[{"type":"PodScheduled","status":"True"},{"type":"Ready","status":"False","reason":"ContainersNotReady"}],)"
         R"("containerStatuses":[{"name":"hello","imageID":"","ready":false,"restartCount":)" +
         std::to_string(restarts) + R"(,"state":)" + state + R"(,"lastState":)" + last + "}]}";
}

std::string warning(const std::string &reason, const std::string &message,
                    const std::string &uid = "p1") {
  return R"({"involvedObject":{"kind":"Pod","name":"hello-5d9-x","uid":")" + uid +
         R"("},"type":"Warning","reason":")" + reason + R"(","message":)" + "\"" + message +
         R"(","firstTimestamp":"2026-11-23T05:01:27Z","lastTimestamp":"2026-11-23T05:01:29Z","eventTime":null})";
}

const char *const kDeployment =
    R"({"metadata":{"name":"hello","uid":"d1","generation":3,"annotations":{"deployment.kubernetes.io/revision":"2"}},
 "spec":{"replicas":2,"selector":{"matchLabels":{"app":"hello"}},"template":{"spec":{"containers":[{"name":"hello","image":"hello:2"}]}}},
 "status":{"observedGeneration":3,"replicas":3,"updatedReplicas":1,"readyReplicas":2,"availableReplicas":2,"conditions":[
  {"type":"Progressing","status":"True","reason":"ReplicaSetUpdated","message":"ReplicaSet \"hello-5d9\" is progressing."}]}})";
const char *const kTemplate = R"({"spec":{"containers":[{"image":"hello:2","name":"hello"}]}})";

kube::Snapshot snapshot() {
  kube::Snapshot s;
  s.deployment = kube::deployment_of(object(kDeployment));
  s.replica_sets.push_back(kube::replica_set_of(object(
      R"({"metadata":{"name":"hello-5d9","uid":"rs1","annotations":{"deployment.kubernetes.io/revision":"2"}},"spec":{"replicas":1}})")));
  s.replica_sets.push_back(kube::replica_set_of(object(
      R"({"metadata":{"name":"hello-old","uid":"rs0","annotations":{"deployment.kubernetes.io/revision":"1"}},"spec":{"replicas":2}})")));
  return s;
}

struct Case {
  const char *name;
  std::string status;
  std::string event; ///< or empty
  Cause cause;
  const char *words; ///< in what or evidence
  bool fatal;
};

// Messages as the lab's Kubernetes 1.34 gave them.
const std::vector<Case> &cases() {
  static const std::vector<Case> all = {
      {"image can't be pulled",
       container(
           R"({"waiting":{"reason":"ErrImagePull","message":"failed to pull and unpack image \"198.18.0.1:5000/no-such:1\": failed to resolve reference: not found"}})"),
       "", Cause::image_pull, "not found", false},
      {"image pull back-off tells the registry's words from the event",
       container(
           R"({"waiting":{"reason":"ImagePullBackOff","message":"Back-off pulling image \"x\""}})"),
       warning("Failed", R"(Failed to pull image \"x\": pull access denied)"), Cause::image_pull,
       "pull access denied", false},
      {"invalid image name",
       container(
           R"({"waiting":{"reason":"InvalidImageName","message":"Failed to apply default image tag \"Not/Valid:\": couldn't parse image name: invalid reference format"}})"),
       "", Cause::image_name, "invalid reference format", true},
      {"image never pulled",
       container(
           R"({"waiting":{"reason":"ErrImageNeverPull","message":"Container image \"no-such:1\" is not present with pull policy of Never"}})"),
       "", Cause::image_pull, "not present", true},
      {"crash loop with its exit code",
       container(
           R"({"waiting":{"reason":"CrashLoopBackOff","message":"back-off 10s restarting failed container"}})",
           R"({"terminated":{"exitCode":2,"reason":"Error"}})", 1),
       "", Cause::crash, "ended with exit code 2, 1 restart", false},
      {"crash loop while the container runs again",
       container(R"({"running":{"startedAt":"2026-11-23T05:02:14Z"}})",
                 R"({"terminated":{"exitCode":1,"reason":"Error"}})", 3),
       "", Cause::crash, "exit code 1, 3 restarts", false},
      {"first end, before any back-off",
       container(R"({"terminated":{"exitCode":0,"reason":"Completed"}})"), "", Cause::crash,
       "exit code 0", false},
      {"ended by a signal", container(R"({"terminated":{"exitCode":139,"reason":"Error"}})"), "",
       Cause::crash, "signal 11", false},
      {"out of memory",
       container(R"({"waiting":{"reason":"CrashLoopBackOff","message":"x"}})",
                 R"({"terminated":{"exitCode":137,"reason":"OOMKilled"}})", 2),
       "", Cause::crash, "OOMKilled", false},
      {"out of memory before it starts", container(R"({"waiting":{"reason":"ContainerCreating"}})"),
       warning("FailedCreatePodSandBox",
               "runc create failed: unable to start container process: container init was "
               "OOM-killed (memory limit too low?): unknown"),
       Cause::start, "OOM-killed", false},
      {"no such program",
       container(
           R"({"waiting":{"reason":"CrashLoopBackOff"}})",
           R"({"terminated":{"exitCode":128,"reason":"StartError","message":"exec: \"/no-such\": stat /no-such: no such file or directory"}})",
           1),
       "", Cause::start, "no such file", false},
      {"missing ConfigMap key",
       container(
           R"({"waiting":{"reason":"CreateContainerConfigError","message":"couldn't find key NONE in ConfigMap n/message-config"}})"),
       "", Cause::config, "couldn't find key NONE", true},
      {"missing secret",
       container(
           R"({"waiting":{"reason":"CreateContainerConfigError","message":"secret \"no-such\" not found"}})"),
       "", Cause::config, "not found", true},
      {"a slow cache is not a missing key",
       container(
           R"({"waiting":{"reason":"CreateContainerConfigError","message":"failed to sync configmap cache: timed out waiting for the condition"}})"),
       "", Cause::config, "sync", false},
      {"readiness probe", container(R"({"running":{"startedAt":"2026-11-23T05:01:26Z"}})"),
       warning("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 404"),
       Cause::probe, "Readiness probe failed: HTTP probe failed with statuscode: 404", false},
      {"liveness probe: the kubelet ended it, not the program",
       container(R"({"waiting":{"reason":"CrashLoopBackOff"}})",
                 R"({"terminated":{"exitCode":0,"reason":"Completed"}})", 2),
       warning("Unhealthy", "Liveness probe failed: HTTP probe failed with statuscode: 404"),
       Cause::probe, "the liveness probe fails, and the kubelet restarts", false},
      {"unschedulable",
       R"({"phase":"Pending","conditions":[{"type":"PodScheduled","status":"False","reason":"Unschedulable","message":"0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector."}]})",
       "", Cause::unschedulable, "0/1 nodes are available", false},
      {"host port that an old pod holds",
       R"({"phase":"Pending","conditions":[{"type":"PodScheduled","status":"False","reason":"Unschedulable","message":"0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports."}]})",
       "", Cause::unschedulable, "its host port is taken, perhaps by an old pod", false},
      {"readiness gate that nothing sets",
       R"({"phase":"Running","conditions":[{"type":"Ready","status":"False","reason":"ReadinessGatesNotReady","message":"corresponding condition of pod readiness gate \"example.com/lb\" does not exist."}],"containerStatuses":[{"name":"hello","ready":true,"restartCount":0,"state":{"running":{}}}]})",
       "", Cause::gate, "example.com/lb", false},
      {"native sidecar that ends with 0",
       R"({"phase":"Pending","initContainerStatuses":[{"name":"agent","ready":false,"restartCount":2,"state":{"waiting":{"reason":"CrashLoopBackOff"}},"lastState":{"terminated":{"exitCode":0,"reason":"Completed"}}}],"containerStatuses":[{"name":"hello","ready":false,"restartCount":0,"state":{"waiting":{"reason":"PodInitializing"}}}]})",
       "", Cause::crash, "exit code 0, 2 restarts", false},
      {"volume that can't mount", container(R"({"waiting":{"reason":"ContainerCreating"}})"),
       warning("FailedMount",
               R"(MountVolume.SetUp failed for volume \"extra\" : secret \"no-such\" not found)"),
       Cause::volume, "MountVolume.SetUp failed", false},
      {"node gone", container(R"({"running":{}})"), warning("NodeNotReady", "Node is not ready"),
       Cause::node, "lab is gone", false},
      {"evicted",
       R"({"phase":"Failed","reason":"Evicted","message":"The node was low on resource: memory."})",
       "", Cause::node, "low on resource", false},
  };
  return all;
}

} // namespace

TEST_CASE("judge: each reason of a pod is named, with the cluster's words, and as fatal as it is") {
  for (const Case &one : cases()) {
    CAPTURE(one.name);
    kube::Snapshot s = snapshot();
    s.pods.push_back(kube::pod_of(object(pod(one.status))));
    if (!one.event.empty()) s.add(kube::happening_of(object(one.event)));
    const kube::Verdict verdict = kube::judge(s, kTemplate, 3);
    CHECK(verdict.state == kube::Verdict::State::waiting);
    REQUIRE(verdict.problems.size() == 1);
    const kube::Problem &problem = verdict.problems[0];
    CHECK(kube::name_of(problem.cause) == kube::name_of(one.cause));
    CHECK((problem.what + "\n" + problem.evidence).find(one.words) != std::string::npos);
    CHECK(problem.fatal == one.fatal);
    CHECK(problem.object() == "Pod/hello-5d9-x");
  }
}

TEST_CASE("judge: pods of the old template are not judged") {
  kube::Snapshot s = snapshot();
  s.pods.push_back(kube::pod_of(object(pod(cases()[0].status))));
  s.pods[0].owner = "rs0";
  CHECK(kube::judge(s, kTemplate, 3).problems.empty());
}

TEST_CASE("judge: a failing startup probe names its container, before and after the restart") {
  const auto judged = [](const std::string &second) {
    kube::Snapshot s = snapshot();
    s.pods.push_back(kube::pod_of(object(pod(
        R"({"phase":"Running","conditions":[{"type":"PodScheduled","status":"True"},{"type":"Ready","status":"False","reason":"ContainersNotReady"}],"containerStatuses":[{"name":"hello","ready":true,"restartCount":0,"state":{"running":{}}},{"name":"side","ready":false)" +
        second + "}]}"))));
    s.add(kube::happening_of(object(
        R"({"involvedObject":{"kind":"Pod","name":"hello-5d9-x","uid":"p1","fieldPath":"spec.containers{side}"},"type":"Warning","reason":"Unhealthy","message":"Startup probe failed: HTTP probe failed with statuscode: 404","lastTimestamp":"2026-11-23T05:01:29Z"})")));
    const auto problems = kube::judge(s, kTemplate, 3).problems;
    REQUIRE(problems.size() == 1);
    return problems[0];
  };
  for (
      const char *state :
      {R"(,"restartCount":0,"state":{"running":{}})",
       R"(,"restartCount":1,"state":{"running":{}},"lastState":{"terminated":{"exitCode":0,"reason":"Completed"}})"}) {
    const kube::Problem found = judged(state);
    CHECK(found.cause == Cause::probe);
    CHECK(found.container == "side");
    CHECK(found.what.find("the startup probe fails") == 0);
    CHECK(found.evidence == "Startup probe failed: HTTP probe failed with statuscode: 404");
  }
}

TEST_CASE("judge: a failing probe of one container does not explain the end of another") {
  kube::Snapshot s = snapshot();
  s.pods.push_back(kube::pod_of(
      object(pod(container(R"({"terminated":{"exitCode":0,"reason":"Completed"}})")))));
  s.add(kube::happening_of(object(
      R"({"involvedObject":{"kind":"Pod","name":"hello-5d9-x","uid":"p1","fieldPath":"spec.containers{side}"},"type":"Warning","reason":"Unhealthy","message":"Liveness probe failed: x"})")));
  const auto problems = kube::judge(s, kTemplate, 3).problems;
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].cause == Cause::crash);
}

TEST_CASE("judge: events of another pod prove nothing") {
  kube::Snapshot s = snapshot();
  s.pods.push_back(kube::pod_of(object(pod(container(R"({"running":{}})")))));
  s.add(kube::happening_of(object(warning("Unhealthy", "Readiness probe failed: x", "p2"))));
  CHECK(kube::judge(s, kTemplate, 3).problems.empty());
}

TEST_CASE("judge: a ready pod has no problem, whatever it has been through") {
  kube::Snapshot s = snapshot();
  s.pods.push_back(kube::pod_of(object(pod(
      R"({"phase":"Running","conditions":[{"type":"Ready","status":"True"}],"containerStatuses":[{"name":"hello","ready":true,"restartCount":3,"state":{"running":{}},"lastState":{"terminated":{"exitCode":1}}}]})"))));
  s.add(kube::happening_of(object(warning("Unhealthy", "Readiness probe failed: x"))));
  CHECK(kube::judge(s, kTemplate, 3).problems.empty());
  CHECK(kube::step_of(s.pods[0], s) == kube::Step::ready);
}

TEST_CASE("judge: pods that the API server refuses") {
  struct {
    const char *words;
    Cause cause;
    bool fatal;
  } const table[] = {
      {R"(pods \"hello-5d9-x\" is forbidden: exceeded quota: none, requested: pods=1, used: pods=0, limited: pods=0)",
       Cause::quota, false},
      {R"(pods \"hello-5d9-x\" is forbidden: violates PodSecurity \"restricted:latest\": hostPath volumes (volume \"extra\"))",
       Cause::refused, true},
      {R"(pods \"hello-5d9-x\" is forbidden: ValidatingAdmissionPolicy 'x' with binding 'x' denied request: no pods on Mondays)",
       Cause::refused, true},
      {R"(admission webhook \"policy.example.com\" denied the request: no)", Cause::refused, true},
      {R"(Internal error occurred: failed calling webhook \"policy.example.com\": connection refused)",
       Cause::refused, false},
      {R"(pods \"hello-5d9-x\" is forbidden: maximum cpu usage per Container is 50m, but limit is 1)",
       Cause::refused, true},
  };
  for (const auto &one : table) {
    CAPTURE(one.words);
    kube::Snapshot s = snapshot();
    s.replica_sets[0] = kube::replica_set_of(object(
        std::string(
            R"({"metadata":{"name":"hello-5d9","uid":"rs1","annotations":{"deployment.kubernetes.io/revision":"2"}},"spec":{"replicas":1},"status":{"replicas":0,)") +
        R"("conditions":[{"type":"ReplicaFailure","status":"True","reason":"FailedCreate","message":")" +
        one.words + "\"}]}}"));
    const kube::Verdict verdict = kube::judge(s, kTemplate, 3);
    REQUIRE(verdict.problems.size() == 1);
    CHECK(kube::name_of(verdict.problems[0].cause) == kube::name_of(one.cause));
    CHECK(verdict.problems[0].fatal == one.fatal);
    CHECK(verdict.problems[0].object() == "ReplicaSet/hello-5d9");
  }
}

TEST_CASE("rollout: deadline exceeded names the pod's reason first") {
  kube::Snapshot s = snapshot();
  s.pods.push_back(kube::pod_of(object(pod(cases()[0].status))));
  s.deployment->conditions = {{"Progressing",
                               "False",
                               "ProgressDeadlineExceeded",
                               "ReplicaSet \"hello-5d9\" has timed out progressing.",
                               {}}};
  const kube::Verdict verdict = kube::judge(s, kTemplate, 3);
  REQUIRE(verdict.problems.size() == 2);
  CHECK(verdict.problems[0].cause == Cause::image_pull);
  CHECK(verdict.problems[1].cause == Cause::deadline);
  CHECK(verdict.problems[1].fatal);
}

TEST_CASE("rollout: done only when all are updated and available, and none is old") {
  kube::Snapshot s = snapshot();
  const auto with = [&](std::int64_t replicas, std::int64_t updated, std::int64_t available,
                        std::int64_t observed = 3) {
    s.deployment->replicas = replicas, s.deployment->updated = updated,
    s.deployment->available = available, s.deployment->observed = observed;
    return kube::judge(s, kTemplate, 3).state == kube::Verdict::State::done;
  };
  CHECK(with(2, 2, 2));
  CHECK_FALSE(with(3, 2, 3));    // one old pod left
  CHECK_FALSE(with(2, 2, 1));    // one not available
  CHECK_FALSE(with(2, 1, 2));    // one not updated
  CHECK_FALSE(with(2, 2, 2, 2)); // the status speaks of an older generation
  CHECK_FALSE((s.deployment->paused = true, with(2, 2, 2)));
  s.deployment->paused = false;
  s.autoscaler = kube::Autoscaler{"hello", "hello", 3, 5, 2, 2, {}};
  CHECK_FALSE(with(2, 2, 2)); // the autoscaler's minimum is not reached
  s.deployment->wanted = 3;
  CHECK(with(3, 3, 3));
  s.deployment->wanted = 0;
  CHECK(with(0, 0, 0)); // scaled to nothing: the autoscaler is off
}

TEST_CASE("rollout: another template, or none, ends the wait") {
  kube::Snapshot s = snapshot();
  CHECK(kube::judge(s, "{}", 3).state == kube::Verdict::State::superseded);
  s.deployment.reset();
  CHECK(kube::judge(s, kTemplate, 3).state == kube::Verdict::State::gone);
}

TEST_CASE("judge: a pod's steps") {
  kube::Snapshot s = snapshot();
  const auto step = [&](const std::string &text) {
    return kube::name_of(kube::step_of(kube::pod_of(object(text)), s));
  };
  CHECK(
      step(
          R"({"metadata":{"name":"x","uid":"p1"},"spec":{"containers":[]},"status":{"phase":"Pending"}})") ==
      "pending");
  CHECK(step(pod(container(R"({"waiting":{"reason":"ContainerCreating"}})"))) == "scheduled");
  s.add(kube::happening_of(object(warning("Pulled", "Successfully pulled image"))));
  CHECK(step(pod(container(R"({"waiting":{"reason":"ContainerCreating"}})"))) == "pulled");
  CHECK(step(pod(container(R"({"running":{}})"))) == "started");
}

TEST_CASE("snapshot: times, and events of both APIs") {
  using namespace std::chrono;
  CHECK(kube::instant_of("2026-11-23T05:02:40Z") ==
        kube::instant_of("2026-11-23T05:02:40.367773Z"));
  CHECK(kube::instant_of("1970-01-02T00:00:01Z").time_since_epoch() == seconds(86401));
  CHECK(kube::instant_of("never") == kube::Instant{});
  const auto event = kube::happening_of(object(
      R"({"involvedObject":{"kind":"Pod","name":"x","uid":"u"},"type":"Warning","reason":"FailedScheduling","message":"m","firstTimestamp":null,"lastTimestamp":null,"eventTime":"2026-11-23T05:02:40.367773Z","series":{"count":3,"lastObservedTime":"2026-11-23T05:03:40.367773Z"}})"));
  CHECK(event.time == kube::instant_of("2026-11-23T05:03:40Z"));
}

TEST_CASE("judge: a ready pod whose container the kubelet ends for its liveness probe is "
          "reported before the restart") {
  const std::string ready =
      R"({"phase":"Running","conditions":[{"type":"Ready","status":"True"}],"containerStatuses":[{"name":"hello","imageID":"x","ready":true,"restartCount":RESTARTS,"state":{"running":{}},"lastState":{}}]})";
  const auto judged = [&](const std::string &restarts, bool killing) {
    kube::Snapshot s = snapshot();
    std::string status = ready;
    status.replace(status.find("RESTARTS"), 8, restarts);
    s.pods.push_back(kube::pod_of(object(pod(status))));
    s.add(kube::happening_of(object(
        warning("Unhealthy", "Liveness probe failed: HTTP probe failed with statuscode: 404"))));
    if (killing)
      s.add(kube::happening_of(
          object(warning("Killing", "Container hello failed liveness probe, will be restarted"))));
    return kube::judge_pod(s.pods.front(), s);
  };
  const auto found = judged("0", true);
  REQUIRE(found);
  CHECK(found->cause == Cause::probe);
  CHECK(found->evidence == "Liveness probe failed: HTTP probe failed with statuscode: 404");
  CHECK_FALSE(judged("0", false)); // one answer too late is no restart
  CHECK_FALSE(judged("1", true));  // and it is ready again
}
