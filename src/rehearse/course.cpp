#include "rehearse/course.h"

#include <ctime>

#include <fmt/core.h>

#include "hello/last_word.h"
#include "hello/readiness.h"
#include "hello/text.h"

namespace hello::rehearse {
namespace {

using std::chrono::seconds;

constexpr const char *kManager = "hello-rehearse";
constexpr seconds kRestart{600}; ///< for all pods
constexpr seconds kReturn{120};  ///< of a pod whose fault has ended

kube::Id deployment_of(const kube::Access &access) {
  return {"apps/v1", "Deployment", access.ns, access.release};
}

} // namespace

bool is_in_service(kube::Cluster &cluster, const std::string &pod) {
  const kube::Access &access = cluster.access();
  bool found = false;
  const auto failure = cluster.list({"discovery.k8s.io/v1", "EndpointSlice", access.ns,
                                     "kubernetes.io/service-name=" + access.release},
                                    [&](json::Value &&slice) {
                                      for (const json::Value &one : slice.at("endpoints").items())
                                        found |= one.text("targetRef", "name") == pod &&
                                                 one.at("conditions", "ready").boolean(true);
                                    });
  if (failure && !failure->retryable)
    throw kube::explain(*failure, "list the Service's endpoints", access);
  return found;
}

std::chrono::seconds Course::longest() const {
  if (plan_.exercise == Exercise::rolling_restart) return kRestart;
  return std::chrono::ceil<seconds>(plan_.drill.time) + kReturn;
}

void Course::begin() {
  began_ = true;
  deadline_ = cluster_.now() + longest();
  if (plan_.exercise != Exercise::rolling_restart) {
    drills::begin(cluster_, plan_.drill, plan_.targets, std::time(nullptr), send_);
    fault_ends_ = cluster_.now() + plan_.drill.time;
    return;
  }
  json::Value change;
  change["spec"]["template"]["metadata"]["annotations"]["kubectl.kubernetes.io/restartedAt"] =
      json::string(text::utc(std::time(nullptr)));
  cluster_
      .patch(deployment_of(cluster_.access()), json::to_text(change), kManager,
             cluster_.now() + seconds(30))
      .take("restart the pods", cluster_.access());
}

void Course::stop() {
  if (!began_ || is_over_ || plan_.targets.empty()) return;
  try {
    const sys::LastWord last_word;
    drills::stop(cluster_, plan_.drill.fault, std::time(nullptr), send_);
  } catch (const Error &) { // it ends by itself
  }
}

Mark Course::end(std::string text) {
  is_over_ = true;
  return {0, std::move(text), "after"};
}

Mark Course::give_up(std::string why) {
  incomplete_ = why;
  return end(std::move(why));
}

Mark Course::look() {
  if (plan_.exercise == Exercise::rolling_restart) return look_at_restart();
  if (plan_.exercise == Exercise::failing_readiness) return look_at_readiness();
  if (cluster_.now() < fault_ends_) return {};
  return end("the fault has ended");
}

Mark Course::look_at_restart() {
  const auto deployment = cluster_.read(deployment_of(cluster_.access()));
  if (!deployment && !deployment.failure().retryable)
    throw kube::explain(deployment.failure(), "read the Deployment", cluster_.access());
  if (cluster_.now() >= deadline_)
    return give_up(fmt::format("the restart is not complete after {} s", kRestart.count()));
  if (!deployment) return {};
  const kube::Readiness now = kube::readiness(*deployment);
  if (now.state == kube::Readiness::State::failed)
    return give_up("the restart failed: " + now.text);
  if (now.over()) return end("all pods are new");
  const kube::Deployment counts = kube::deployment_of(*deployment);
  if (counts.observed < counts.generation) return {};
  std::string text = fmt::format("{} of {} pods are new, {} available", counts.updated,
                                 counts.wanted, counts.available);
  if (text == last_) return {};
  last_ = text;
  return {0, std::move(text)};
}

Mark Course::look_at_readiness() {
  const bool is_in = is_in_service(cluster_, pod()), is_late = cluster_.now() >= deadline_;
  if (!is_out_ && !is_in) {
    is_out_ = true;
    return {0, pod() + " has left the Service", "out of the Service"};
  }
  if (cluster_.now() < fault_ends_) return {};
  if (!is_out_) return give_up(pod() + " never left the Service");
  if (is_in) return end(pod() + " is back in the Service");
  if (is_late) return give_up(pod() + " has not come back into the Service");
  if (fault_ended_) return {};
  fault_ended_ = true;
  return {0, "the fault has ended"};
}

} // namespace hello::rehearse
