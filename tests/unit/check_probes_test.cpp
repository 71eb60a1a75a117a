#include <doctest/doctest.h>

#include "support/check_world.h"

using namespace hello;
using namespace hello::test;
using namespace std::chrono_literals;

namespace {

/// What a cluster makes of the scheduled faults, in seconds from the start of the pod; 0: nothing.
struct Course {
  int in = 2, first = 12, out = 22, ended = 30, back = 33, second = 42, restart = 72;
  int unreadable = 0, readable = 0; ///< the pod's log
};

/// A release of the check `probes` that goes through a course.
class Probed {
public:
  explicit Probed(const Course &course,
                  const std::string &probes = "{periodSeconds: 5, failureThreshold: 2}")
      : world_("probes: {readiness: " + probes +
               ", liveness: {periodSeconds: 10, failureThreshold: 3}}\n") {
    world_.cluster.on_write = [this, course](const kube::Id &id) {
      world_.react(id);
      if (id.kind != "Deployment" || id.name != "check-probes" || begun_) return;
      begun_ = true;
      begin(course);
    };
  }
  /// The faults that the service is started with.
  std::string faults() {
    check::Context context(world_.cluster, world_.user, world_.options, world_.listener);
    for (const kube::Object &one : check::probes_release(context))
      if (one.id.kind == "Deployment")
        return json::to_text(
            one.value.at("spec", "template", "spec", "containers").items()[0].at("args"));
    return "";
  }
  Outcome outcome() { return world_.outcome("probes"); }

private:
  void begin(const Course &course) {
    at(course.in, [this] { serve(true); });
    at(course.first, [this] { log("drill_began"); });
    at(course.out, [this] { serve(false); });
    at(course.ended, [this] { log("drill_ended"); });
    at(course.back, [this] { serve(true); });
    at(course.second, [this] { log("drill_began"); });
    at(course.restart, [this] { restart(); });
    at(course.unreadable,
       [this] { world_.cluster.fail_always(Operation::log, failure(kube::Trouble::timed_out)); });
    at(course.readable, [this] { world_.cluster.allow(Operation::log); });
  }

  void at(int second, FakeCluster::Action action) {
    if (second > 0) world_.cluster.after(std::chrono::seconds(second), std::move(action));
  }
  void serve(bool ready) {
    world_.cluster.api.put(object(fmt::format(
        "{{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {{namespace: shop, "
        "name: check-probes-1, labels: {{kubernetes.io/service-name: check-probes}}}}, endpoints: "
        "[{{conditions: {{ready: {}}}}}]}}",
        ready)));
  }
  void log(const char *event) {
    world_.cluster.logs["check-probes-0/hello"] += fmt::format("{{\"event\":\"{}\"}}\n", event);
  }
  void restart() {
    world_.cluster.api.update({"v1", "Pod", "shop", "check-probes-0"}, "", [](json::Value &pod) {
      pod["status"]["containerStatuses"] =
          json::parse(R"([{"name": "hello", "ready": true, "restartCount": 1}])", "status");
    });
  }

  World world_;
  bool begun_ = false;
};

std::string cause_of(const Course &course) { return Probed(course).outcome().cause; }

} // namespace

TEST_CASE("check: probes compares what the cluster does with the faults that the pod logs") {
  const Outcome good = Probed({}).outcome();
  CHECK(good.verdict == Verdict::pass);
  CHECK(good.what.find("left the Service after 10 s") != std::string::npos);
  CHECK(cause_of({.out = 0}) == "StaysIn");
  CHECK(cause_of({.out = 28}) == "StaysIn"); // 16 s
  CHECK(cause_of({.back = 0}) == "StaysOut");
  CHECK(cause_of({.restart = 0}) == "NoRestart");
  CHECK(cause_of({.first = 0, .second = 0}) == "ControlFailed");
}

TEST_CASE("check: probes is inconclusive if the pod's log could not be read when a fault began") {
  const Outcome blind = Probed({.restart = 0, .unreadable = 36, .readable = 60}).outcome();
  CHECK(blind.verdict == Verdict::inconclusive);
  CHECK(blind.cause == "NoInstrument");
  CHECK(cause_of({.restart = 0, .unreadable = 36, .readable = 40}) == "NoRestart");
  CHECK(cause_of({.unreadable = 36, .readable = 60}).empty()); // it was restarted in time
}

TEST_CASE("check: probes waits for pods that get ready late, and for several successes") {
  CHECK(Probed({}).faults().find("\"unready@12s+18s\"") != std::string::npos);
  CHECK(Probed({}).faults().find("\"unlive@42s+60s\"") != std::string::npos);
  const std::string slow = "{periodSeconds: 5, failureThreshold: 2, successThreshold: 3, "
                           "initialDelaySeconds: 30}";
  CHECK(Probed({}, slow).faults().find("\"unready@51s+18s\"") != std::string::npos);
  CHECK(Probed({}, slow).faults().find("\"unlive@91s+60s\"") != std::string::npos);
  CHECK(Probed({.ended = 30, .back = 47, .second = 56, .restart = 80}, slow).outcome().verdict ==
        Verdict::pass);
  // before the first fault the pod was not in the Service: nothing can leave it
  CHECK(cause_of({.in = 20, .out = 0}) == "ControlFailed");
}
