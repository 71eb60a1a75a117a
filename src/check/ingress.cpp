#include <algorithm>

#include <fmt/core.h>

#include "check/context.h"
#include "hello/text.h"

namespace hello::check {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// How many IngressClasses there are; -1: not known.
int classes(Context &context) {
  int count = 0;
  const auto failure = context.cluster.list({"networking.k8s.io/v1", "IngressClass", ""},
                                            [&](json::Value &&) { ++count; });
  return failure ? -1 : count;
}

/// The address in the Ingress's status, as soon as there is one.
std::string await_address(Context &context, milliseconds time) {
  const kube::Id id{"networking.k8s.io/v1", "Ingress", context.a, std::string(kSteady)};
  for (const sys::Deadline end = context.until(time);; context.cluster.sleep(milliseconds(500))) {
    if (const auto ingress = context.read(id)) {
      for (const json::Value &one : ingress->at("status", "loadBalancer", "ingress").items())
        for (const char *key : {"ip", "hostname"})
          if (!one.text(key).empty()) return one.text(key);
    }
    if (context.is_over(end)) return "";
  }
}

/// The answers that came through the controller.
struct Answers {
  int ok = 0, foreign = 0, lost = 0;
  std::string first_loss;

  void take(const sys::HttpReply &reply, std::string_view run) {
    if (reply.status == 200 && reply.body.find(run) != reply.body.npos) {
      ++ok;
    } else if (reply.status == 200) {
      ++foreign;
    } else if (lost++ == 0) {
      first_loss = reply.status ? fmt::format("status {}: {}", reply.status,
                                              text::cut(text::first_line(reply.body), 200))
                                : reply.body;
    }
  }
};

/// Asks ten times a second.
void ask_for(Context &context, milliseconds time, const std::string &address, Answers &answers) {
  const std::string host = context.run + ".hello-check.invalid";
  for (const sys::Deadline end = context.until(time); !context.is_over(end);) {
    const sys::Deadline next = context.cluster.now() + milliseconds(100);
    answers.take(context.options.ask(address, 80, host, "/"), context.run);
    if (const auto left = next - context.cluster.now(); left > left.zero())
      context.cluster.sleep(std::chrono::ceil<milliseconds>(left));
  }
}

/// Waits until the controller knows our host; a 404 before that is no loss.
bool await_route(Context &context, const std::string &address, std::string &why) {
  for (const sys::Deadline end = context.until(seconds(20)); !context.is_over(end);) {
    Answers one;
    ask_for(context, milliseconds(100), address, one);
    if (one.ok > 0) return true;
    why = one.foreign > 0 ? "another service answers" : one.first_loss;
    context.cluster.sleep(milliseconds(300));
  }
  return false;
}

Outcome judge(const Heard &heard, const Answers &answers, int seconds_waited) {
  if (!heard.trouble.empty()) return no_instrument(heard);
  const json::Value *control = heard.of(0, "get");
  if (!control || control->at("failed").number() > 0 || control->at("marked").number() == 0)
    return inconclusive("ControlFailed",
                        "the same requests through the Service failed as well: " +
                            (control ? control->text("failure") : std::string("no line")));
  if (answers.foreign > 0)
    return failed("ForeignAnswer",
                  fmt::format("{} requests for our host were answered by others", answers.foreign),
                  {}, "another Ingress takes every host: look at kubectl get ingress -A");
  if (answers.lost > 0)
    return failed("RequestsLost",
                  fmt::format("{} of {} requests failed while a pod was replaced", answers.lost,
                              answers.lost + answers.ok),
                  {answers.first_loss, "the same time through the Service: none failed"},
                  "the controller notices too late that a pod ends: see termination.preStop");
  Outcome outcome = passed(fmt::format("{} requests through the controller, 0 lost while a pod was "
                                       "replaced; its address came after {} s",
                                       answers.ok, seconds_waited));
  outcome.figures = {{"address", "s", seconds_waited, 5}};
  return outcome;
}

} // namespace

Outcome check_ingress(Context &context) {
  const std::vector<Place> pods = context.pods(context.a, kSteady);
  if (pods.empty()) return inconclusive("NoInstrument", "the release has no pod");
  if (classes(context) == 0)
    return {.verdict = Verdict::skip,
            .cause = "NotInstalled",
            .what = "the cluster has no IngressClass"};
  const sys::Deadline start = context.cluster.now();
  context.doing("waiting for the Ingress's address");
  const std::string address = await_address(context, context.bound("ingress.address"));
  const auto waited = std::chrono::duration_cast<seconds>(context.cluster.now() - start).count();
  const Client client{
      .name = "check-ingress",
      .ns = context.b,
      .args = {fmt::format("get http://{}/ 150 100 - {} 0", context.service_ip, context.run)}};
  if (address.empty()) {
    if (context.api_lost) return inconclusive("ApiLost", "the Ingress cannot be read");
    return failed("NoAddress", fmt::format("the Ingress has no address after {} s", waited), {},
                  "no controller takes it: compare ingress.className with kubectl get "
                  "ingressclasses, and look at the controller's pods");
  }
  std::string why;
  const bool is_there = await_route(context, address, why);
  if (const std::string trouble = context.start(client); !trouble.empty())
    return inconclusive("NoInstrument", trouble);
  if (!is_there) {
    const Heard heard = context.hear(client);
    const json::Value *control = heard.of(0, "get");
    if (!heard.trouble.empty()) return no_instrument(heard);
    if (!control || control->at("marked").number() == 0)
      return inconclusive("ControlFailed",
                          "the service does not answer through its Service either");
    return failed("NoRoute", fmt::format("{} does not lead our host to our pods", address),
                  {why, "the same service answers through its Service"},
                  "look at the controller's log; if this machine cannot reach the address, run the "
                  "check where users are");
  }
  Answers answers;
  context.doing("asking through the controller");
  ask_for(context, seconds(3), address, answers);
  if (!context.remove_pod(context.a, pods.back().name))
    return inconclusive("NotPermitted", "the check may not delete its own pod");
  ask_for(context, seconds(10), address, answers);
  return judge(context.hear(client), answers, static_cast<int>(waited));
}

} // namespace hello::check
