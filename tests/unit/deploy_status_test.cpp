#include <doctest/doctest.h>

#include "hello/status.h"
#include "hello/yaml.h"

using namespace hello;
using deploy::Health;

namespace {

json::Value read(const std::string &text) {
  return json::parse(yaml::to_json(yaml::load(text, "object")), "object");
}

kube::Live live(const std::string &text) { return {kube::Live::State::present, read(text)}; }

const kube::Id kDeployment{"apps/v1", "Deployment", "shop", "hello"},
    kIngress{"networking.k8s.io/v1", "Ingress", "shop", "hello"},
    kScaler{"autoscaling/v2", "HorizontalPodAutoscaler", "shop", "hello"};

/// A release of three objects, ready, with one pod.
deploy::Observation good() {
  deploy::Observation observed;
  release::Release release;
  release.revision = 3;
  release.state = release::State::ready;
  release.objects = {kDeployment, kIngress, kScaler};
  observed.history = {release};
  observed.objects[kDeployment] = live(R"(
metadata: {name: hello, uid: d1, generation: 2, annotations: {deployment.kubernetes.io/revision: "7"}}
spec: {replicas: 1, selector: {matchLabels: {a: b}}, template: {spec: {containers: [{name: hello, image: "hello:3"}]}}}
status: {observedGeneration: 2, replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1}
)");
  observed.objects[kIngress] =
      live("metadata: {name: hello}\nspec: {rules: [{host: a.test}, {host: "
           "b.test}]}\nstatus: {loadBalancer: {ingress: [{ip: 10.0.0.1}]}}\n");
  observed.objects[kScaler] = live("metadata: {name: hello}\nspec: {minReplicas: 1, "
                                   "maxReplicas: 3}\nstatus: {currentReplicas: 1, "
                                   "desiredReplicas: 1, "
                                   "currentMetrics: [{type: Resource, resource: {name: cpu, "
                                   "current: {averageUtilization: 12}}}]}\n");
  observed.snapshot.deployment = kube::deployment_of(observed.objects[kDeployment].value);
  observed.snapshot.replica_sets.push_back(
      kube::replica_set_of(read("metadata: {name: hello-5d9, uid: r1, annotations: "
                                "{deployment.kubernetes.io/revision: \"7\"}}\nspec: {}\n")));
  observed.snapshot.pods.push_back(kube::pod_of(read(R"(
metadata: {name: hello-5d9-a, uid: p1, creationTimestamp: "2026-11-23T04:00:00Z", ownerReferences: [{uid: r1, controller: true}]}
spec: {nodeName: lab}
status: {phase: Running, conditions: [{type: Ready, status: "True"}], containerStatuses: [{name: hello, restartCount: 2, ready: true}]}
)")));
  return observed;
}

deploy::Status report(const deploy::Observation &observed) {
  return deploy::status_of(observed, kube::instant_of("2026-11-23T04:10:00Z"));
}

} // namespace

TEST_CASE("status: active drills stand at the Deployment, and are a warning") {
  deploy::Observation observed = good();
  json::Value &value = observed.objects[kDeployment].value;
  value["metadata"]["annotations"]["hello/drills"] = json::string(
      "unready until 2026-11-23T04:10:30Z on a; errors until 2026-11-23T04:09:59Z on a");
  const deploy::Status status = report(observed);
  CHECK(status.health == Health::warning);
  CHECK(status.objects[0].text.find("; drill unready until 2026-11-23T04:10:30Z on a") !=
        std::string::npos);
  CHECK(status.objects[0].text.find("errors") == std::string::npos);
}

TEST_CASE("status: drills that each start schedules are named, however the flag is written") {
  deploy::Observation observed = good();
  observed.objects[kDeployment].value["spec"]["template"]["spec"]["containers"].push(
      read("{name: hello, args: [--drills, --drill-at=errors=500@30s+1m, --drill-at, crash@2m]}"));
  const deploy::Status status = report(observed);
  CHECK(status.health == Health::warning);
  CHECK(status.objects[0].text.find(
            "; each start schedules the drill errors=500@30s+1m, crash@2m") != std::string::npos);
  CHECK(status.summary.ends_with(" pods available, with drills"));
}

TEST_CASE("status: a release that is well is healthy, in apply order, with its pods") {
  const auto r = report(good());
  CHECK(r.health == Health::good);
  CHECK(r.image == "hello:3");
  CHECK(r.summary == "1 of 1 pods available");
  REQUIRE(r.objects.size() == 3);
  CHECK(r.objects[0].object == "Deployment/hello");
  REQUIRE(r.objects[0].below.size() == 1);
  REQUIRE(r.objects[0].below[0].below.size() == 1);
  CHECK(r.objects[0].below[0].below[0].object == "Pod/hello-5d9-a");
  CHECK(r.objects[0].below[0].below[0].text == "ready on lab, 10m old, 2 restarts");
  CHECK(r.objects[1].text == "a.test, b.test at 10.0.0.1");
  CHECK(r.objects[2].text == "1 of 1 to 3 pods, cpu 12 %");
}

TEST_CASE("status: an object that somebody removed is missing, and that is not healthy") {
  auto observed = good();
  observed.objects[kIngress] = {};
  const auto r = report(observed);
  CHECK_FALSE(r.healthy());
  CHECK(r.objects[1].health == Health::bad);
  CHECK(r.objects[1].text.starts_with("missing"));
  observed.objects.erase(kIngress); // but one that may not be read is not said to be missing
  CHECK(report(observed).healthy());
}

TEST_CASE("status: a pod that crashes is named with its reason") {
  auto observed = good();
  observed.snapshot.pods[0] = kube::pod_of(read(R"(
metadata: {name: hello-5d9-a, uid: p1, creationTimestamp: "2026-11-23T04:00:00Z", ownerReferences: [{uid: r1, controller: true}]}
spec: {nodeName: lab}
status:
  phase: Running
  conditions: [{type: Ready, status: "False"}]
  containerStatuses:
    - {name: hello, restartCount: 4, ready: false, state: {waiting: {reason: CrashLoopBackOff, message: back-off}},
       lastState: {terminated: {exitCode: 3, reason: Error}}}
)"));
  observed.snapshot.deployment->available = observed.snapshot.deployment->ready = 0;
  const auto r = report(observed);
  CHECK(r.health == Health::bad);
  CHECK(r.objects[0].below[0].below[0].text.find("exit code 3") != std::string::npos);
}

TEST_CASE("status: the state follows from the pods and the other objects") {
  struct Row {
    const char *counts;     ///< of the Deployment's status
    const char *ready;      ///< whether its pod is, and since when
    const char *containers; ///< of the pod
    deploy::State state;
    const char *word;
  };
  const char *const kRunning = "[{name: hello, restartCount: 0, ready: true}]";
  const char *const kRestarted = "[{name: hello, restartCount: 1, ready: true}]";
  const char *const kCrashing =
      "[{name: hello, restartCount: 4, ready: false, state: {waiting: {reason: CrashLoopBackOff}}, "
      "lastState: {terminated: {exitCode: 1, reason: Error}}}]";
  const char *const kEarly = "'True', lastTransitionTime: '2026-11-23T04:00:00Z'",
                    *const kLate = "'True', lastTransitionTime: '2026-11-23T04:05:00Z'";
  const Row rows[] = {
      {"updatedReplicas: 2, replicas: 2, availableReplicas: 2", kEarly, kRestarted,
       deploy::State::healthy, "healthy"},
      {"updatedReplicas: 2, replicas: 2, availableReplicas: 2", kLate, kRestarted,
       deploy::State::restarting, "ready, restarting"},
      {"updatedReplicas: 1, replicas: 2, availableReplicas: 2", kLate, kRestarted,
       deploy::State::updating, "updating"},
      {"updatedReplicas: 1, replicas: 1, availableReplicas: 0", "\'False\'", kRunning,
       deploy::State::updating, "updating"},
      {"updatedReplicas: 2, replicas: 2, availableReplicas: 1", kEarly, kRunning,
       deploy::State::degraded, "degraded"},
      {"updatedReplicas: 2, replicas: 2, availableReplicas: 1", kEarly, kCrashing,
       deploy::State::degraded, "degraded"},
      {"updatedReplicas: 2, replicas: 2, availableReplicas: 0", "\'False\'", kRunning,
       deploy::State::failed, "failed"},
      {"updatedReplicas: 1, replicas: 1, availableReplicas: 0", "\'False\'", kCrashing,
       deploy::State::failed, "failed"},
      // the old pods serve
      {"updatedReplicas: 1, replicas: 3, availableReplicas: 2", "\'False\'", kCrashing,
       deploy::State::degraded, "degraded"},
  };
  for (const Row &row : rows) {
    CAPTURE(row.counts);
    CAPTURE(row.containers);
    auto observed = good();
    observed.objects[kDeployment] = live(std::string(R"(
metadata: {name: hello, uid: d1, generation: 2, annotations: {deployment.kubernetes.io/revision: "7"}}
spec: {replicas: 2, selector: {matchLabels: {a: b}}, template: {spec: {containers: [{name: hello, image: "hello:3"}]}}}
status: {observedGeneration: 2, )") + row.counts +
                                         "}\n");
    observed.snapshot.deployment = kube::deployment_of(observed.objects[kDeployment].value);
    observed.snapshot.pods[0] = kube::pod_of(read(
        std::string(
            "metadata: {name: hello-5d9-a, uid: p1, creationTimestamp: "
            "'2026-11-23T04:00:00Z', ownerReferences: [{uid: r1, controller: true}]}\n"
            "spec: {nodeName: lab}\nstatus: {phase: Running, conditions: [{type: Ready, status: ") +
        row.ready + "}], containerStatuses: " + row.containers + "}\n"));
    const auto status = report(observed);
    CHECK(status.state == row.state);
    CHECK(name_of(status.state) == row.word);
    CHECK(status.healthy() == (status.state <= deploy::State::restarting));
  }
}

TEST_CASE("status: another object that is missing makes the release failed") {
  auto observed = good();
  CHECK(report(observed).state == deploy::State::healthy);
  observed.objects[kIngress] = {};
  CHECK(report(observed).state == deploy::State::failed);
}

TEST_CASE("status: the reason why an object is not ready stands once") {
  auto observed = good();
  const kube::Id claim{"v1", "PersistentVolumeClaim", "shop", "p"};
  observed.history[0].objects.push_back(claim);
  observed.objects[claim] = live("metadata: {name: p}\n");
  kube::Look &look = observed.looks[claim];
  look.readiness = {kube::Readiness::State::waiting, "no volume is bound to it yet"};
  look.problems.push_back({kube::Cause::not_ready, "PersistentVolumeClaim", "p", "",
                           "no volume is bound to it yet", "no class", false});
  const auto text_of_claim = [&] {
    for (const auto &node : report(observed).objects)
      if (node.object == claim.text()) return node.text;
    return std::string();
  };
  CHECK(text_of_claim() == "no volume is bound to it yet: no class");
  look.problems[0].name = "other";
  CHECK(text_of_claim() ==
        "no volume is bound to it yet; PersistentVolumeClaim/other: no volume is bound to "
        "it yet: no class");
}

TEST_CASE("status: what will bite later is a warning, and healthy all the same") {
  auto observed = good();
  observed.objects[kIngress] = live("metadata: {name: hello}\nspec: {rules: [{host: a.test}]}\n");
  observed.objects[kScaler] =
      live("metadata: {name: hello}\nspec: {maxReplicas: 3}\nstatus: {currentReplicas: "
           "1, conditions: [{type: ScalingActive, status: "
           "\"False\", reason: FailedGetResourceMetric, message: no metrics}]}\n");
  const auto r = report(observed);
  CHECK(r.health == Health::warning);
  CHECK(r.healthy());
  CHECK(r.objects[2].text.find("no metrics") != std::string::npos);
}

TEST_CASE("status: what is scaled to 0 is not healthy, for nobody is served") {
  auto observed = good();
  observed.snapshot.deployment->wanted = observed.snapshot.deployment->replicas =
      observed.snapshot.deployment->updated = 0;
  observed.snapshot.deployment->available = observed.snapshot.deployment->ready = 0;
  observed.snapshot.pods.clear();
  const auto r = report(observed);
  CHECK_FALSE(r.healthy());
  CHECK(r.summary == "scaled to 0: no pod serves");
  CHECK(r.objects[0].text == r.summary);
}

TEST_CASE("status: nothing deployed is not healthy") {
  const auto r = report({});
  CHECK_FALSE(r.healthy());
  CHECK(r.summary == "nothing is deployed here");
  deploy::Observation foreign; // with our label, but no release
  foreign.objects[kIngress] = good().objects[kIngress];
  CHECK_FALSE(report(foreign).healthy());
}
