#include <doctest/doctest.h>

#include <string>
#include <vector>

#include <fmt/core.h>

#include "cli/view/rehearse.h"
#include "hello/error.h"
#include "hello/rehearse.h"
#include "hello/text.h"
#include "support/fake_cluster.h"
#include "support/fake_objects.h"

using namespace hello;
using namespace hello::rehearse;
using namespace hello::test;
using namespace std::chrono_literals;

namespace {

sys::HttpReply agrees(const std::string &, const sys::HttpRequest &, std::chrono::milliseconds) {
  return {200, R"({"active":[]})"};
}

class Notes final : public Listener {
public:
  void happened(const Mark &mark) override { texts.push_back(mark.text); }
  std::vector<std::string> texts;
};

/// A release of two ready pods, and a load whose pod writes a line each second.
struct World {
  FakeCluster cluster;
  Notes notes;
  std::string run_id, log;
  int second = 0, answered = 0, failed = 0, slow = 0;
  int failing = 0, slowing = 0; ///< of the 20 requests of a second, from now on

  explicit World(const std::string &args = "[serve, --drills]") {
    cluster.longest = 1h;
    cluster.api.put(object(
        "{apiVersion: apps/v1, kind: Deployment, metadata: {name: hello, namespace: shop, "
        "generation: 1}, spec: {replicas: 2, template: {spec: {containers: [{name: hello, image: "
        "'hello:1', args: " +
        args +
        ", readinessProbe: {periodSeconds: 2, failureThreshold: 3}}]}}}, status: "
        "{observedGeneration: 1, replicas: 2, updatedReplicas: 2, availableReplicas: 2}}"));
    cluster.api.put(
        object("{apiVersion: v1, kind: Service, metadata: {name: hello, namespace: "
               "shop}, spec: {clusterIPs: [10.96.0.7], selector: {a: b}, ports: [{name: "
               "admin, port: 81}, {name: http, port: 80, targetPort: 8080}]}}"));
    for (const char *name : {"a", "b"})
      cluster.api.put(object(fmt::format(
          "{{apiVersion: v1, kind: Pod, metadata: {{name: {}, namespace: shop, uid: u-{}, "
          "creationTimestamp: '2026-11-28T10:00:00Z', labels: {{app.kubernetes.io/name: hello, "
          "app.kubernetes.io/instance: hello}}}}, status: {{phase: Running, conditions: [{{type: "
          "Ready, status: 'True'}}]}}}}",
          name, name)));
    put_endpoints("true");
    cluster.on_write = [this](const kube::Id &id) {
      if (id.kind == "Job" && cluster.api.find(id)) cluster.after(2s, [this, id] { start(id); });
    };
  }

  void put_endpoints(const std::string &ready) {
    cluster.api.put(
        object("{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: "
               "hello-1, namespace: shop, labels: {kubernetes.io/service-name: hello}}, "
               "endpoints: [{targetRef: {name: a}, conditions: {ready: " +
               ready + "}}, {targetRef: {name: b}, conditions: {ready: true}}]}"));
  }

  void start(const kube::Id &job) {
    const json::Value *made = cluster.api.find(job);
    if (!made) return;
    const auto &containers = made->at("spec", "template", "spec", "containers").items();
    run_id = containers.at(0).at("args").items().at(1).text();
    cluster.api.put(object(fmt::format("{{apiVersion: v1, kind: Pod, metadata: {{name: load, "
                                       "namespace: shop, labels: {{hello/load: {}}}}}, status: "
                                       "{{phase: Running}}}}",
                                       job.name)));
    tick();
  }

  void line(const std::string &members) {
    const auto seq = static_cast<std::int64_t>(text::lines(log).size()) + 1;
    log += fmt::format("{{\"v\":1,\"run\":\"{}\",\"seq\":{},\"ns\":0,\"wall\":0,{}}}\n", run_id,
                       seq, members);
    cluster.logs["load/hello"] = log;
  }

  void tick() {
    ++second;
    answered += 20;
    failed += failing;
    slow += slowing;
    line(fmt::format(
        "\"i\":0,\"step\":\"loading\",\"answered\":{},\"errors\":{},\"saturated\":\"\","
        "\"lost\":{{}},\"statuses\":{{\"200\":{},\"500\":{}}},\"lagp99us\":90,\"ms\":{},"
        "\"waiting\":0,\"slow\":{},\"recentmaxus\":{}",
        answered, failed, answered - failed, failed, second * 1000, slow,
        slowing ? 500'000 : 2000));
    cluster.after(1s, [this] { tick(); });
  }

  Plan plan(Exercise exercise) { return rehearse::plan(cluster, exercise, "/"); }
  Report run(Exercise exercise) {
    Options options;
    options.send = agrees;
    const Plan planned = plan(exercise);
    return rehearse::run(cluster, planned, options, notes);
  }
  std::string refused(Exercise exercise) {
    try {
      plan(exercise);
    } catch (const Error &error) {
      CHECK(cluster.journal.empty());
      return error.what();
    }
    return "";
  }
  std::size_t left() const {
    std::size_t found = 0;
    for (const auto &[id, value] : cluster.api.all())
      found += id.kind == "Job" || id.kind == "NetworkPolicy";
    return found;
  }
  /// The Deployment's status.
  void set_counts(int replicas, int updated, int available) {
    cluster.api.update(kDeployment, "", [&](json::Value &deployment) {
      json::Value &status = deployment["status"];
      status["observedGeneration"] = deployment.at("metadata", "generation");
      status["replicas"] = json::integer(replicas);
      status["updatedReplicas"] = json::integer(updated);
      status["availableReplicas"] = json::integer(available);
    });
  }
  /// The Deployment's controller: new pods after 3 s and 6 s; the old ones are gone after 7 s.
  void restart_pods() {
    cluster.before_next(Operation::patch, [this] {
      cluster.after(1s, [this] { set_counts(3, 1, 2); });
      cluster.after(3s, [this] { set_counts(3, 2, 2); });
      cluster.after(6s, [this] { set_counts(2, 2, 2); });
    });
  }
};

std::vector<std::string> names_of(const Report &report) {
  std::vector<std::string> names;
  for (const Phase &phase : report.phases()) names.push_back(phase.name);
  return names;
}

using Texts = std::vector<std::string>;

} // namespace

TEST_CASE("rehearse: a restart under load, and nothing is left") {
  World world;
  world.restart_pods();
  const Report report = world.run(Exercise::rolling_restart);
  CHECK(world.notes.texts == Texts{"the load begins", "the rolling restart begins",
                                   "1 of 2 pods are new, 2 available",
                                   "2 of 2 pods are new, 2 available", "all pods are new"});
  CHECK(names_of(report) == Texts{"before", "rolling restart", "after"});
  CHECK(report.incomplete.empty());
  CHECK(report.felt().failed == 0);
  CHECK(report.felt().requests > 20 * 14);
  CHECK(world.left() == 0);
  const json::Value &deployment = *world.cluster.api.find(kDeployment);
  CHECK(deployment.at("spec", "template", "metadata", "annotations").members().size() == 1);
}

TEST_CASE("rehearse: what failed counts in the phase in which it ended") {
  World world;
  world.restart_pods();
  world.cluster.after(16s, [&] { world.failing = 5; }); // 2 s for the pod, 10 s of load before
  world.cluster.after(18s, [&] { world.failing = 0; });
  world.cluster.after(26s, [&] { world.slowing = 3; });
  const Report report = world.run(Exercise::rolling_restart);
  const auto phases = report.phases();
  REQUIRE(phases.size() == 3);
  CHECK(phases[0].count.failed == 0);
  CHECK(phases[1].count.failed == 10);
  CHECK(phases[2].count.failed == 0);
  CHECK(phases[2].count.slow > 0);
  CHECK(report.felt().slowest_us == 500'000);
  const std::string text = cli::text_of(report);
  CHECK(text.find("Users would have felt 10 failed of ") != std::string::npos);
  CHECK(text.find("rolling restart           ") != std::string::npos);
  CHECK(text.find(" \n") == std::string::npos);
  const json::Value value = json::parse(
      cli::json_of(report, world.plan(Exercise::rolling_restart), {}, world.cluster.access()), "r");
  CHECK(value.at("felt", "failed").number() == 10);
  CHECK(value.text("exercise") == "rolling-restart");
  CHECK(value.at("phases").items().size() == 3);
}

TEST_CASE("rehearse: an unready pod leaves the Service and comes back") {
  World world;
  world.cluster.after(20s, [&] { world.put_endpoints("false"); });
  world.cluster.after(45s, [&] { world.put_endpoints("true"); });
  const Report report = world.run(Exercise::failing_readiness);
  CHECK(names_of(report) == Texts{"before", "in the Service", "out of the Service", "after"});
  CHECK(world.notes.texts == Texts{"the load begins", "a fails its readiness probe",
                                   "a has left the Service", "the fault has ended",
                                   "a is back in the Service"});
  CHECK(report.incomplete.empty());
  CHECK(world.left() == 0);
  CHECK(world.cluster.times("forward pod/a") == 1); // one drill, which ended by itself
}

TEST_CASE("rehearse: what does not happen as written is reported") {
  SUBCASE("a pod that stays in the Service") {
    World world;
    CHECK(world.run(Exercise::failing_readiness).incomplete == "a never left the Service");
  }
  SUBCASE("a pod that does not come back") {
    World world;
    world.cluster.after(20s, [&] { world.put_endpoints("false"); });
    CHECK(world.run(Exercise::failing_readiness).incomplete ==
          "a has not come back into the Service");
  }
  SUBCASE("a restart that takes too long") {
    World world;
    world.cluster.before_next(Operation::patch,
                              [&] { world.cluster.after(1s, [&] { world.set_counts(3, 1, 2); }); });
    CHECK(world.run(Exercise::rolling_restart).incomplete ==
          "the restart is not complete after 600 s");
  }
  SUBCASE("a service that asks for less load") {
    World world;
    world.cluster.after(20300ms, [&] {
      world.line("\"i\":0,\"step\":\"load\",\"told\":429");
      world.line(fmt::format("\"end\":true,\"lines\":{}", text::lines(world.log).size() + 1));
    });
    CHECK(world.run(Exercise::slow_pod).incomplete ==
          "the service asked for less load, which ended it");
    CHECK(world.cluster.times("forward pod/a") == 2); // begun, and stopped
  }
}

TEST_CASE("rehearse: one slow pod, for 30 s") {
  World world;
  const Report report = world.run(Exercise::slow_pod);
  CHECK(world.notes.texts ==
        Texts{"the load begins", "a answers 500 ms late", "the fault has ended"});
  CHECK(names_of(report) == Texts{"before", "one slow pod", "after"});
}

TEST_CASE("rehearse: requests that fail before end it, and nothing was done") {
  World world;
  world.failing = 1;
  CHECK_THROWS_AS(world.run(Exercise::rolling_restart), Error);
  CHECK(world.cluster.times("patch") == 0);
  CHECK(world.left() == 0);
}

TEST_CASE("rehearse: Ctrl-C removes the load and stops the fault") {
  struct Row {
    std::chrono::seconds time;
    std::size_t requests; ///< to the pod: to begin the drill, and to stop it
  };
  for (const Row &row : {Row{3s, 0}, Row{8s, 0}, Row{20s, 2}, Row{48s, 1}}) {
    CAPTURE(row.time.count());
    World world;
    world.cluster.interrupt_after(row.time);
    CHECK_THROWS_AS(world.run(Exercise::slow_pod), Error);
    CHECK(world.left() == 0);
    CHECK(world.cluster.times("forward pod/a") == row.requests);
  }
}

TEST_CASE("rehearse: what cannot be rehearsed is refused, and nothing is changed") {
  World closed("[serve]");
  CHECK(closed.refused(Exercise::slow_pod) == "Deployment/hello runs without --drills");
  CHECK(closed.refused(Exercise::rolling_restart).empty());
  World updating;
  updating.set_counts(3, 1, 2);
  CHECK(updating.refused(Exercise::rolling_restart).find("it is not ready") != std::string::npos);
  World drilled;
  drilled.cluster.api.update(kDeployment, "", [](json::Value &deployment) {
    deployment["metadata"]["annotations"]["hello/drills"] =
        json::string("unready until 2999-01-01T00:00:00Z on a");
  });
  CHECK(drilled.refused(Exercise::rolling_restart).find("a drill is active") != std::string::npos);
  World walled;
  walled.cluster.api.put(object("{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: "
                                "{name: wall, namespace: shop}, spec: {podSelector: {}}}"));
  CHECK(walled.refused(Exercise::rolling_restart).find("NetworkPolicy wall") != std::string::npos);
  World out;
  out.put_endpoints("false");
  CHECK(out.refused(Exercise::failing_readiness).find("not in the Service") != std::string::npos);
}

TEST_CASE("rehearse: what was read of the load's log is kept, and does not stand for the rest") {
  kube::Failure down = failure(kube::Trouble::unreachable);
  down.retryable = true;
  World blip, cut;
  for (World *one : {&blip, &cut})
    one->cluster.after(25s, [one, down] { one->cluster.fail_always(Operation::log, down); });
  blip.cluster.after(35s, [&] { blip.cluster.allow(Operation::log); });
  const Report seen = blip.run(Exercise::slow_pod), missed = cut.run(Exercise::slow_pod);
  CHECK(seen.incomplete.empty());
  CHECK(missed.incomplete == "the load's log could not be read to its end");
  CHECK(missed.felt().requests > 100);
  CHECK(missed.felt().requests + 300 < seen.felt().requests);
}
