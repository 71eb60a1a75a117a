#include <fmt/core.h>

#include "check/context.h"
#include "hello/text.h"

namespace hello::check {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int kHeaders = 4;
constexpr std::size_t kHeaderBytes = 2 << 10; ///< of each
constexpr std::size_t kBodyBytes = 900 << 10;

/// How the controller is asked: over TLS where it sends http to https.
enum class Way { http, https, unverified };

/// "status 413: Request Entity Too Large", or why there is no answer.
std::string said(const sys::HttpReply &reply) {
  return reply.status ? fmt::format("status {}: {}", reply.status,
                                    text::cut(text::first_line(reply.body), 200))
                      : reply.body;
}

/// The answers that came through the controller.
struct Answers {
  int ok = 0, foreign = 0, lost = 0;
  bool redirected = false;
  bool connects = true; ///< the first loss was an answer
  std::string first_loss;

  void take(const sys::HttpReply &reply, std::string_view run) {
    for (const int status : {301, 302, 307, 308}) redirected |= reply.status == status;
    if (reply.status == 200 && reply.body.find(run) != reply.body.npos) {
      ++ok;
    } else if (reply.status == 200) {
      ++foreign;
    } else if (lost++ == 0) {
      first_loss = said(reply);
      connects = reply.status > 0;
    }
  }
};

sys::HttpReply ask(const Context &context, const Door &door, Way way) {
  if (way == Way::http) return context.options.ask(door.address, 80, door.host, "/");
  return context.options.ask_tls("https://" + door.host + "/", door.address, seconds(3),
                                 way == Way::https ? sys::Certificate::checked
                                                   : sys::Certificate::ignored);
}

/// What becomes of large requests, and what the controller tells the service.
struct Large {
  std::vector<std::string> refused; ///< what does not arrive, and why
  std::string facts;
};

/// The answer of /echo; null if it is none.
json::Value echo_of(const sys::HttpReply &reply) {
  try {
    if (reply.status == 200) return json::parse(reply.body, "echo", {.bytes = 64 << 10});
  } catch (const Error &) { // something else answers
  }
  return {};
}

Large send_large(const Context &context, const Door &door, Way way) {
  bool kept = false;
  const auto send = [&](const sys::HttpRequest &request) {
    return context.options.send(
        (way == Way::http ? "http://" : "https://") + door.host + "/echo", door.address,
        way == Way::unverified ? sys::Certificate::ignored : sys::Certificate::checked, request,
        request.json.empty() ? &kept : nullptr);
  };
  const std::string id = "hello-check-" + context.run;
  sys::HttpRequest headers{{{"X-Request-Id", id}}};
  for (int i = 0; i < kHeaders; ++i)
    headers.headers.emplace_back(fmt::format("X-Hello-Check-{}", i),
                                 std::string(kHeaderBytes, 'x'));
  const sys::HttpReply first = send(headers), second = send({{}, std::string(kBodyBytes, 'x')});
  const json::Value echo = echo_of(first);
  int arrived = 0;
  for (const json::Value &one : echo.at("headers").items())
    arrived += text::lower(one.text("name")).starts_with("x-hello-check-") &&
               one.text("value").size() == kHeaderBytes;
  Large large;
  if (arrived < kHeaders) large.refused.push_back("8 KiB of headers do not arrive: " + said(first));
  if (echo_of(second).at("body_bytes").number() != static_cast<std::int64_t>(kBodyBytes))
    large.refused.push_back("900 KiB of body do not arrive: " + said(second));
  const auto forwarded = [&](std::string_view what) {
    const std::string value = echo.text("forwarded", what);
    return value.empty() ? "not sent" : value;
  };
  large.facts =
      fmt::format("X-Forwarded-For: {}; X-Forwarded-Proto: {}; X-Request-Id: {}", forwarded("for"),
                  forwarded("proto"), echo.text("request_id") == id ? "passed on" : "replaced");
  if (way == Way::http) large.facts += kept ? "; keep-alive" : "; no keep-alive";
  return large;
}

/// Whether the same large requests arrive through the Service, as the door's client says.
bool large_control(const Heard &heard) {
  const json::Value *headers = heard.of(1, "get"), *body = heard.of(2, "post");
  return headers && headers->at("failed").number() == 0 && headers->at("ok").number() > 0 && body &&
         body->at("whole").boolean();
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
  outcome.evidence.insert(outcome.evidence.begin(), why);
  outcome.advice =
      "the check's own host has no certificate: ask a host of yours with 'hello deploy "
      "--reach exposed'; curl must be installed here";
  return outcome;
}

Outcome judge(const Heard &heard, const Answers &answers, Large large,
              std::int64_t seconds_waited) {
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
  if (!large.refused.empty()) {
    if (!large_control(heard))
      return inconclusive("ControlFailed", "large requests fail through the Service as well");
    large.refused.emplace_back("the same arrives through the Service");
    return failed("LargeRequestsRefused", "small requests pass the controller, and large ones not",
                  std::move(large.refused),
                  "raise its limits, such as client_max_body_size and large_client_header_buffers "
                  "of nginx");
  }
  Outcome outcome = passed(fmt::format("{} requests through the controller, 0 lost while a pod was "
                                       "replaced; its address came after {} s",
                                       answers.ok, seconds_waited));
  if (!large.facts.empty())
    outcome.evidence = {"8 KiB of headers and 900 KiB of body arrive", std::move(large.facts)};
  outcome.figures = {{"address", "s", seconds_waited, 5}};
  return outcome;
}

} // namespace

kube::Result<std::string> await_address(Context &context, const kube::Id &id, milliseconds time) {
  for (const sys::Deadline end = context.until(time);; context.cluster.sleep(milliseconds(500))) {
    const auto object = context.read(id);
    const json::Value status = object ? object->at("status") : json::Value();
    for (const json::Value &one : status.at("loadBalancer", "ingress").items())
      for (const char *key : {"ip", "hostname"})
        if (!one.text(key).empty()) return one.text(key);
    for (const json::Value &one : status.at("addresses").items()) // of a Gateway
      if (!one.text("value").empty()) return one.text("value");
    if (!context.is_over(end)) continue;
    if (object) return std::string();
    return object.failure();
  }
}

bool await_route(Context &context, const std::string &address, const std::string &host,
                 std::string &why) {
  Answers last;
  const bool is_there = find_route(context, {address, host, "", 0}, Way::http, last);
  why = why_not(last);
  return is_there;
}

namespace {

/// A way through a door that leads to our pods.
struct Found {
  Way way = Way::http;
  bool is_there = false, asked = true;
  std::string unverified; ///< why TLS was not
  Answers last;
};

Found find_way(Context &context, const Door &door) {
  Found found;
  found.is_there = find_route(context, door, Way::http, found.last);
  if (!found.last.redirected) return found;
  const sys::HttpReply reply = ask(context, door, Way::https);
  found.asked = reply.status != -1;
  found.way = reply.status > 0 ? Way::https : Way::unverified;
  if (found.way == Way::unverified) found.unverified = reply.body;
  if (found.asked) found.is_there = find_route(context, door, found.way, found.last);
  return found;
}

/// What a pod of the check hears at the door, where this machine cannot connect to it.
Client far_client(const Context &context, const Door &door) {
  const std::string ip =
      door.address.find(':') == door.address.npos ? door.address : "[" + door.address + "]";
  return {.name = door.client + "-far",
          .ns = context.b,
          .args = {fmt::format("get http://{}/ 120 100 {} {} 0", ip, door.host, context.run)}};
}

Answers answers_of(const Heard &heard) {
  Answers answers;
  const json::Value *got = heard.of(0, "get");
  if (!got) return answers;
  answers.ok = static_cast<int>(got->at("marked").number());
  answers.foreign = static_cast<int>(got->at("ok").number()) - answers.ok;
  answers.lost = static_cast<int>(got->at("failed").number());
  answers.first_loss = got->text("failure");
  return answers;
}

Outcome no_route(const Heard &heard, const Door &door, std::vector<std::string> why) {
  const json::Value *control = heard.of(0, "get");
  if (!heard.trouble.empty()) return no_instrument(heard);
  if (!control || control->at("marked").number() == 0)
    return inconclusive("ControlFailed", "the service does not answer through its Service either");
  why.emplace_back("the same service answers through its Service");
  return failed("NoRoute", fmt::format("{} does not lead our host to our pods", door.address),
                std::move(why), "look at the controller's log");
}

/// Deletes a pod of the service; what a check says if it may not.
Outcome replace_pod(Context &context, const Place &pod) {
  const auto failure = context.remove_pod(context.a, pod.name);
  return failure ? refused(*failure, "delete a pod of its own") : passed("");
}

/// Lets a pod ask instead of this machine.
Outcome check_from_pod(Context &context, const Door &door, const Client &client, const Place &pod,
                       const std::string &why) {
  const Client far = far_client(context, door);
  if (const std::string trouble = context.start(far); !trouble.empty())
    return inconclusive("NoInstrument", trouble);
  context.doing("a pod asks through the controller");
  context.sleep(seconds(5));
  if (Outcome outcome = replace_pod(context, pod); !outcome.cause.empty()) return outcome;
  const Heard heard = context.hear(far), control = context.hear(client);
  if (!heard.trouble.empty()) return no_instrument(heard);
  const Answers answers = answers_of(heard);
  if (answers.ok == 0)
    return no_route(control, door,
                    {"this machine: " + why, "a pod of the check: " + why_not(answers)});
  Outcome outcome = judge(control, answers, {}, door.waited);
  if (outcome.verdict == Verdict::pass) outcome.what += "; a pod asked, this machine cannot";
  return outcome;
}

} // namespace

Outcome check_route(Context &context, const Door &door) {
  const Client client{
      .name = door.client,
      .ns = context.b,
      .args = {fmt::format("get http://{}/ 150 100 - {} 0", context.service_ip, context.run),
               fmt::format("get http://{}/echo 3 100 - - {}", context.service_ip,
                           kHeaders * kHeaderBytes),
               fmt::format("post http://{}/echo {}", context.service_ip, kBodyBytes)}};
  const std::vector<Place> pods = context.pods(context.a, kSteady);
  if (pods.empty()) return inconclusive("NoInstrument", "the release has no pod");
  const Found found = find_way(context, door);
  Large large;
  if (found.is_there) large = send_large(context, door, found.way);
  if (const std::string trouble = context.start(client); !trouble.empty())
    return inconclusive("NoInstrument", trouble);
  if (!found.is_there && found.way == Way::http && !found.last.connects)
    return check_from_pod(context, door, client, pods.back(), found.last.first_loss);
  if (!found.is_there) {
    Outcome outcome = no_route(context.hear(client), door, {why_not(found.last)});
    return found.asked || outcome.verdict != Verdict::fail
               ? outcome
               : not_verified(passed("the service answers through its Service"), found.unverified);
  }
  Answers answers;
  context.doing("asking through the controller");
  ask_for(context, seconds(3), door, found.way, answers);
  if (Outcome outcome = replace_pod(context, pods.back()); !outcome.cause.empty()) return outcome;
  ask_for(context, seconds(10), door, found.way, answers);
  Outcome outcome = judge(context.hear(client), answers, std::move(large), door.waited);
  const bool passes = outcome.verdict == Verdict::pass;
  return passes && found.way == Way::unverified ? not_verified(std::move(outcome), found.unverified)
                                                : outcome;
}

} // namespace hello::check
