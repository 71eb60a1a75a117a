#include <ctime>

#include <fmt/core.h>

#include "hello/readiness.h"
#include "hello/rehearse.h"
#include "rehearse/course.h"
#include "rehearse/visits.h"

namespace hello::rehearse {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kAround{10};  ///< of load, before and after
constexpr seconds kAnswers{10}; ///< for what has no answer then
constexpr seconds kSlack{60};   ///< for reading and writing
constexpr milliseconds kPoll{500};
constexpr std::int64_t kSlowPodSeconds = 30;

/// "http://hello/" of the port that the Service calls http, or of its first one.
std::string url_of(kube::Cluster &cluster, const std::string &path) {
  const kube::Access &access = cluster.access();
  const json::Value service = cluster.read({"v1", "Service", access.ns, access.release})
                                  .take("read the release's Service", access);
  std::int64_t port = 0;
  for (const json::Value &one : service.at("spec", "ports").items())
    if (port == 0 || one.text("name") == "http") port = one.at("port").number();
  return fmt::format("http://{}{}{}", access.release,
                     port == 80 ? std::string() : fmt::format(":{}", port), path);
}

/// How long the readiness probe takes to notice; 0: there is none.
std::int64_t notices_after(const json::Value &deployment) {
  for (const json::Value &one : deployment.at("spec", "template", "spec", "containers").items()) {
    const json::Value *probe = one.find("readinessProbe");
    if (one.text("name") == "hello" && probe)
      return probe->at("periodSeconds").number(10) * probe->at("failureThreshold").number(3);
  }
  return 0;
}

/// The fault of an exercise, and for how long. Returns why there can be none, or nothing.
std::string drill_of(Exercise exercise, const json::Value &deployment, drills::Drill &drill) {
  if (exercise == Exercise::slow_pod) {
    std::string why = drills::parse("latency=500ms", drill);
    drill.time = seconds(kSlowPodSeconds); // parse() gives it a time of its own
    return why;
  }
  const std::int64_t notices = notices_after(deployment);
  if (notices == 0) return "the release has no readiness probe";
  std::string why = drills::parse("unready", drill);
  drill.time = seconds(notices + 20);
  return drill.time > drills::kLongestTime ? "its readiness probe takes too long to fail" : why;
}

class Rehearsal {
public:
  Rehearsal(kube::Cluster &cluster, const Plan &plan, const Options &options, Listener &listener)
      : cluster_(cluster), listener_(listener), course_(cluster, plan, options.send),
        visits_(cluster, plan, options.rate, course_.longest() + 2 * kAround + kAnswers + kSlack),
        plan_(plan) {}

  Report run() {
    while (!visits_.began()) wait();
    note({0, "the load begins", "before"});
    pass(kAround);
    const Count before = report_.phases().front().count;
    if (before.failed > 0)
      throw Error(Exit::failure,
                  fmt::format("{} of {} requests failed before the exercise: {}, {}", before.failed,
                              before.requests, report_.statuses, report_.lost),
                  "the exercise did not begin; find out first why they fail");
    try {
      exercise();
    } catch (const Error &) {
      course_.stop();
      throw;
    }
    pass(kAround);
    for (const auto end = cluster_.now() + kAnswers; report_.unanswered > 0 && !visits_.ended();) {
      if (cluster_.now() >= end) break;
      wait();
    }
    report_.incomplete = course_.incomplete();
    if (!visits_.ended() && milliseconds(visits_.now() - report_.seconds.back().ms) > kAround)
      report_.incomplete = "the load's log could not be read to its end";
    if (visits_.ended()) report_.incomplete = "the service asked for less load, which ended it";
    return std::move(report_);
  }

private:
  void exercise() {
    course_.begin();
    if (plan_.exercise == Exercise::rolling_restart)
      note({0, "the rolling restart begins", "rolling restart"});
    else if (plan_.exercise == Exercise::failing_readiness)
      note({0, plan_.targets.front().pod + " fails its readiness probe", "in the Service"});
    else
      note({0, plan_.targets.front().pod + " answers 500 ms late", "one slow pod"});
    while (!course_.is_over() && !visits_.ended()) {
      wait();
      if (Mark mark = course_.look(); !mark.text.empty()) note(std::move(mark));
    }
    if (!course_.is_over()) course_.stop();
  }

  void wait() {
    cluster_.sleep(kPoll);
    visits_.look(report_);
  }
  void pass(seconds time) {
    for (const auto end = cluster_.now() + time; cluster_.now() < end && !visits_.ended();) wait();
  }
  void note(Mark mark) {
    mark.ms = report_.marks.empty() ? 0 : visits_.now();
    listener_.happened(mark);
    report_.marks.push_back(std::move(mark));
  }

  kube::Cluster &cluster_;
  Listener &listener_;
  Report report_;
  Course course_;
  Visits visits_;
  const Plan &plan_;
};

} // namespace

Plan plan(kube::Cluster &cluster, Exercise exercise, const std::string &path) {
  const kube::Access &access = cluster.access();
  const json::Value deployment = cluster.read({"apps/v1", "Deployment", access.ns, access.release})
                                     .take("read the release's Deployment", access);
  const auto refuse = [&](const std::string &why, const std::string &hint = "") {
    return Error(Exit::cluster,
                 fmt::format("no rehearsal on {} in {}: {}", access.release, access.ns, why), hint);
  };
  if (const kube::Readiness now = kube::readiness(deployment); !now.over())
    throw refuse("it is not ready: " + now.text, "'hello status' tells more");
  if (kube::deployment_of(deployment).wanted == 0) throw refuse("it has no pods");
  for (const drills::Mark &mark : drills::marks_of(cluster, std::time(nullptr)))
    throw refuse("a drill is active: " + mark.text(), "'hello drill stop' ends it");
  Plan plan{exercise, url_of(cluster, path)};
  plan.destination = load::find_destination(cluster, sys::parse_http_url(plan.url));
  load::check_admission(cluster, plan.destination);
  if (exercise == Exercise::rolling_restart) return plan;
  if (const std::string why = drill_of(exercise, deployment, plan.drill); !why.empty())
    throw refuse(why);
  drills::Choice choice = drills::choose(cluster, {});
  plan.targets = std::move(choice.targets);
  plan.ready = choice.ready;
  if (exercise == Exercise::failing_readiness && !is_in_service(cluster, plan.targets[0].pod))
    throw refuse(plan.targets[0].pod + " is not in the Service");
  return plan;
}

Report run(kube::Cluster &cluster, const Plan &plan, const Options &options, Listener &listener) {
  return Rehearsal(cluster, plan, options, listener).run();
}

} // namespace hello::rehearse
