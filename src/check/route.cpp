#include <fmt/core.h>

#include "check/context.h"
#include "hello/text.h"

namespace hello::check {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// How the controller is asked: over TLS where it sends http to https.
enum class Way { http, https, unverified };

/// The answers that came through the controller.
struct Answers {
  int ok = 0, foreign = 0, lost = 0;
  bool redirected = false;
  std::string first_loss;

  void take(const sys::HttpReply &reply, std::string_view run) {
    for (const int status : {301, 302, 307, 308}) redirected |= reply.status == status;
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

sys::HttpReply ask(const Context &context, const Door &door, Way way) {
  if (way == Way::http) return context.options.ask(door.address, 80, door.host, "/");
  return context.options.ask_tls("https://" + door.host + "/", door.address, seconds(3),
                                 way == Way::https ? sys::Certificate::checked
                                                   : sys::Certificate::ignored);
}

/// Asks ten times a second.
void ask_for(Context &context, milliseconds time, const Door &door, Way way, Answers &answers) {
  for (const sys::Deadline end = context.until(time); !context.is_over(end);) {
    const sys::Deadline next = context.cluster.now() + milliseconds(100);
    answers.take(ask(context, door, way), context.run);
    if (const auto left = next - context.cluster.now(); left > left.zero())
      context.cluster.sleep(std::chrono::ceil<milliseconds>(left));
  }
}

/// Waits for the first answer of ours. A redirection ends the wait over http.
bool find_route(Context &context, const Door &door, Way way, Answers &last) {
  for (const sys::Deadline end = context.until(seconds(20)); !context.is_over(end);) {
    last = {};
    ask_for(context, milliseconds(100), door, way, last);
    if (last.ok > 0) return true;
    if (last.redirected && way == Way::http) return false;
    context.cluster.sleep(milliseconds(300));
  }
  return false;
}

std::string why_not(const Answers &last) {
  return last.foreign > 0 ? "another service answers" : last.first_loss;
}

/// What is known of a route over TLS whose certificate was not verified; `why`: curl's words.
Outcome not_verified(Outcome outcome, const std::string &why) {
  outcome.verdict = Verdict::warn;
  outcome.cause = "TlsNotVerified";
  outcome.what += "; the controller sends our host to https: TLS not verified";
  outcome.evidence = {why};
  outcome.advice =
      "the check's own host has no certificate: ask a host of yours with 'hello deploy "
      "--reach exposed'; curl must be installed here";
  return outcome;
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
                  fmt::format("others answered {} of {} requests for our host", answers.foreign,
                              answers.foreign + answers.ok + answers.lost),
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
  Answers last;
  const bool is_there = find_route(context, {address, host, "", 0}, Way::http, last);
  why = why_not(last);
  return is_there;
}

Outcome check_route(Context &context, const Door &door) {
  const Client client{
      .name = door.client,
      .ns = context.b,
      .args = {fmt::format("get http://{}/ 150 100 - {} 0", context.service_ip, context.run)}};
  const std::vector<Place> pods = context.pods(context.a, kSteady);
  if (pods.empty()) return inconclusive("NoInstrument", "the release has no pod");
  Answers last;
  Way way = Way::http;
  std::string unverified; // why TLS was not
  bool is_there = find_route(context, door, way, last), asked = true;
  if (last.redirected) {
    const sys::HttpReply reply = ask(context, door, Way::https);
    asked = reply.status != -1;
    way = reply.status > 0 ? Way::https : Way::unverified;
    if (way == Way::unverified) unverified = reply.body;
    if (asked) is_there = find_route(context, door, way, last);
  }
  if (const std::string trouble = context.start(client); !trouble.empty())
    return inconclusive("NoInstrument", trouble);
  if (!is_there) {
    const Heard heard = context.hear(client);
    const json::Value *control = heard.of(0, "get");
    if (!heard.trouble.empty()) return no_instrument(heard);
    if (!control || control->at("marked").number() == 0)
      return inconclusive("ControlFailed",
                          "the service does not answer through its Service either");
    if (!asked) return not_verified(passed("the service answers through its Service"), unverified);
    return failed("NoRoute", fmt::format("{} does not lead our host to our pods", door.address),
                  {why_not(last), "the same service answers through its Service"},
                  "look at the controller's log; if this machine cannot reach the address, run the "
                  "check where users are");
  }
  Answers answers;
  context.doing("asking through the controller");
  ask_for(context, seconds(3), door, way, answers);
  if (!context.remove_pod(context.a, pods.back().name))
    return inconclusive("NotPermitted", "the check may not delete its own pod");
  ask_for(context, seconds(10), door, way, answers);
  Outcome outcome = judge(context.hear(client), answers, door.waited);
  const bool passes = outcome.verdict == Verdict::pass;
  return passes && way == Way::unverified ? not_verified(std::move(outcome), unverified) : outcome;
}

} // namespace hello::check
