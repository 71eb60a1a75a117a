#include <fmt/core.h>

#include "check/context.h"
#include "hello/text.h"

namespace hello::check {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

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
void ask_for(Context &context, milliseconds time, const std::string &address,
             const std::string &host, Answers &answers) {
  for (const sys::Deadline end = context.until(time); !context.is_over(end);) {
    const sys::Deadline next = context.cluster.now() + milliseconds(100);
    answers.take(context.options.ask(address, 80, host, "/"), context.run);
    if (const auto left = next - context.cluster.now(); left > left.zero())
      context.cluster.sleep(std::chrono::ceil<milliseconds>(left));
  }
}

Outcome judge(const Heard &heard, const Answers &answers, std::int64_t seconds_waited) {
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

std::string await_address(Context &context, const kube::Id &id, milliseconds time) {
  for (const sys::Deadline end = context.until(time);; context.cluster.sleep(milliseconds(500))) {
    if (const auto object = context.read(id)) {
      for (const json::Value &one : object->at("status", "loadBalancer", "ingress").items())
        for (const char *key : {"ip", "hostname"})
          if (!one.text(key).empty()) return one.text(key);
      for (const json::Value &one : object->at("status", "addresses").items()) // of a Gateway
        if (!one.text("value").empty()) return one.text("value");
    }
    if (context.is_over(end)) return "";
  }
}

bool await_route(Context &context, const std::string &address, const std::string &host,
                 std::string &why) {
  for (const sys::Deadline end = context.until(seconds(20)); !context.is_over(end);) {
    Answers one;
    ask_for(context, milliseconds(100), address, host, one);
    if (one.ok > 0) return true;
    why = one.foreign > 0 ? "another service answers" : one.first_loss;
    context.cluster.sleep(milliseconds(300));
  }
  return false;
}

Outcome check_route(Context &context, const Door &door) {
  const Client client{
      .name = door.client,
      .ns = context.b,
      .args = {fmt::format("get http://{}/ 150 100 - {} 0", context.service_ip, context.run)}};
  const std::vector<Place> pods = context.pods(context.a, kSteady);
  if (pods.empty()) return inconclusive("NoInstrument", "the release has no pod");
  std::string why;
  const bool is_there = await_route(context, door.address, door.host, why);
  if (const std::string trouble = context.start(client); !trouble.empty())
    return inconclusive("NoInstrument", trouble);
  if (!is_there) {
    const Heard heard = context.hear(client);
    const json::Value *control = heard.of(0, "get");
    if (!heard.trouble.empty()) return no_instrument(heard);
    if (!control || control->at("marked").number() == 0)
      return inconclusive("ControlFailed",
                          "the service does not answer through its Service either");
    return failed("NoRoute", fmt::format("{} does not lead our host to our pods", door.address),
                  {why, "the same service answers through its Service"},
                  "look at the controller's log; if this machine cannot reach the address, run the "
                  "check where users are");
  }
  Answers answers;
  context.doing("asking through the controller");
  ask_for(context, seconds(3), door.address, door.host, answers);
  if (!context.remove_pod(context.a, pods.back().name))
    return inconclusive("NotPermitted", "the check may not delete its own pod");
  ask_for(context, seconds(10), door.address, door.host, answers);
  return judge(context.hear(client), answers, door.waited);
}

} // namespace hello::check
