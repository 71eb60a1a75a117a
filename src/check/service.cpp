#include <algorithm>
#include <cmath>

#include <fmt/core.h>

#include "check/context.h"

namespace hello::check {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr std::int64_t kConnections = 300;
/// Bytes that make a request's head, and the answer of /echo to it, fill several packets.
constexpr int kLongHead = 6000;
constexpr int kLongBody = 1 << 20; ///< as long as the service takes
constexpr int kControls = 10;

/// When a client's line reached us, by our own clock: the difference of the clocks is the smallest
/// one seen, because a line may arrive late but never early.
class Arrivals {
public:
  void take(const Heard &heard, sys::Deadline now) {
    for (; seen_ < heard.lines.size(); ++seen_) {
      const auto since = now.time_since_epoch() - nanoseconds(heard.lines[seen_].at("ns").number());
      difference_ = std::min<nanoseconds>(difference_, since);
    }
  }
  sys::Deadline at(const json::Value &line) const {
    return sys::Deadline(std::chrono::duration_cast<sys::Clock::duration>(
        difference_ + nanoseconds(line.at("ns").number())));
  }

private:
  std::size_t seen_ = 0;
  nanoseconds difference_ = nanoseconds::max();
};

/// The first client: small requests to each pod by its address, all pods through the Service, then
/// large ones to each pod.
Client spread_client(const Context &context, const std::vector<Place> &pods) {
  Client client{.name = "check-service", .ns = context.b, .args = {}};
  const auto get = [&](std::string_view where, int count, std::string_view mark, int fill) {
    client.args.push_back(fmt::format("get http://{} {} 10 - {} {}", where, count, mark, fill));
  };
  for (const Place &pod : pods) get(pod.ip + ":8080/echo", kControls, "-", 0);
  get(context.service_ip + "/", kConnections, context.run, kLongHead);
  get(pods[0].ip + ":8080/echo", kControls, "-", 0);
  for (const Place &pod : pods) {
    get(pod.ip + ":8080/echo", kControls, "-", kLongHead);
    client.args.push_back(fmt::format("post http://{}:8080/echo {}", pod.ip, kLongBody));
  }
  return client;
}

/// Whether all pods answer small requests to their own addresses, before and after; if not, why.
std::string control_of(const Heard &heard, const std::vector<Place> &pods) {
  for (std::size_t i = 0; i < pods.size(); ++i) {
    const json::Value *control = heard.of(i, "get");
    if (!control || control->at("ok").number() < kControls)
      return fmt::format("Pod/{} does not answer by its own address: {}", pods[i].name,
                         control ? control->text("failure") : "no line");
  }
  const json::Value *after = heard.of(pods.size() + 1, "get");
  if (!after || after->at("ok").number() < kControls)
    return "the pods stopped to answer by their own addresses";
  return "";
}

/// Requests with long heads, long answers and a long body, to each pod by its address.
Outcome check_large(const Heard &heard, const std::vector<Place> &pods) {
  for (std::size_t i = 0; i < pods.size(); ++i) {
    const std::size_t at = pods.size() + 2 + 2 * i;
    const json::Value *got = heard.of(at, "get"), *post = heard.of(at + 1, "post");
    if (!got || !post) return no_instrument(heard);
    const bool lost = got->at("ok").number() < kControls;
    if (!lost && post->at("whole").boolean()) continue;
    return failed("LargePacketsLost",
                  fmt::format("Pod/{} answers small requests, and not {}", pods[i].name,
                              lost ? "those of 6 KB" : "one with a body of 1 MiB"),
                  {lost ? got->text("failure") : post->text("failure")},
                  "packets are lost by their size: compare the MTU of the pods' interfaces with "
                  "what the network between them carries");
  }
  return passed("");
}

/// Judges what the first client reported.
Outcome check_spread(Context &context, const std::vector<Place> &pods) {
  const Heard heard = context.ask(spread_client(context, pods));
  if (!heard.trouble.empty()) return no_instrument(heard);
  if (const std::string why = control_of(heard, pods); !why.empty())
    return inconclusive("ControlFailed", why);
  if (Outcome large = check_large(heard, pods); large.verdict != Verdict::pass) return large;
  const json::Value *got = heard.of(pods.size(), "get");
  if (!got) return no_instrument(heard);
  const std::int64_t ok = got->at("ok").number(), lost = got->at("failed").number();
  if (ok < kConnections)
    return failed(
        ok == 0 ? "ServiceDead" : "ConnectionsLost",
        fmt::format("{} of {} connections to the Service failed", kConnections - ok, kConnections),
        {fmt::format("{}; {} were tried, and each pod answers by its address", got->text("failure"),
                     ok + lost)},
        "look at kube-proxy, or its replacement, on the client's node");
  std::string spread;
  bool even = true;
  for (const Place &pod : pods) {
    const std::int64_t count = got->at("pods", pod.name).number();
    even &= count >= kConnections / 6 && count <= kConnections / 2;
    spread += fmt::format("{}{}: {}", spread.empty() ? "" : ", ", pod.name, count);
  }
  if (!even)
    return failed("Uneven", "the Service does not spread connections over its pods", {spread},
                  "look at the EndpointSlices and at kube-proxy");
  Outcome outcome = passed("");
  outcome.figures = {{"p99", "us", got->at("p99us").number(), 20'000}};
  return outcome;
}

/// The second client asks all the time while a pod is deleted.
Outcome check_removal(Context &context, const Place &victim, std::int64_t &leaves_ms) {
  const Client client{
      .name = "check-removal",
      .ns = context.b,
      .args = {fmt::format("get http://{}/ 320 50 - {} 0", context.service_ip, context.run)},
      .longest = seconds(60)};
  if (const std::string trouble = context.start(client); !trouble.empty())
    return inconclusive("NoInstrument", trouble);
  kube::Cluster &cluster = context.cluster;
  Arrivals arrivals;
  sys::Deadline deleted{};
  Heard heard;
  for (const sys::Deadline end = context.until(seconds(90)); !context.is_over(end);) {
    cluster.sleep(milliseconds(200));
    Heard now = context.so_far(client.ns, client.name);
    if (!now.trouble.empty()) { // no log before the container starts
      if (heard.lines.empty()) continue;
      break;
    }
    heard = std::move(now);
    arrivals.take(heard, cluster.now());
    if (heard.ended) break;
    if (deleted != sys::Deadline() || heard.lines.size() < 3) continue;
    context.doing("deleting a pod");
    if (const auto failure = context.remove_pod(context.a, victim.name))
      return refused(*failure, "delete a pod of its own");
    deleted = cluster.now();
  }
  if (!heard.ended) heard = context.hear(client);
  if (!heard.trouble.empty()) return no_instrument(heard);
  const json::Value *all = heard.of(0, "get");
  if (!all || deleted == sys::Deadline() || all->at("pods", victim.name).number() == 0)
    return inconclusive("NoInstrument", "the client never reached the pod that was deleted");
  sys::Deadline last{};
  for (const json::Value &line : heard.lines)
    if (line.at("pods").find(victim.name) && line.text("step") == "answers")
      last = arrivals.at(line);
  leaves_ms =
      std::max<std::int64_t>(0, std::chrono::duration_cast<milliseconds>(last - deleted).count());
  if (const std::int64_t lost = all->at("failed").number())
    return failed("RequestsLost",
                  fmt::format("{} of {} requests failed while a pod was deleted", lost,
                              lost + all->at("ok").number()),
                  {all->text("failure")},
                  "a pod serves for termination.preStop after its deletion: the network takes "
                  "longer than that to notice");
  if (leaves_ms > context.bound("service.fail").count())
    return failed("SlowRemoval", fmt::format("a deleted pod got connections for {} ms", leaves_ms),
                  {}, "look at kube-proxy's load, and at the EndpointSlice controller");
  return passed("");
}

} // namespace

Outcome check_service(Context &context) {
  const std::vector<Place> pods = context.pods(context.a, kSteady);
  if (pods.size() < kSteadyPods || context.service_ip.empty())
    return inconclusive("NoInstrument", "the release lacks pods, or its Service an address");
  Outcome spread = check_spread(context, pods);
  if (spread.verdict != Verdict::pass) return spread;
  std::int64_t leaves_ms = 0;
  Outcome outcome = check_removal(context, pods[0], leaves_ms);
  outcome.figures = std::move(spread.figures);
  outcome.figures.push_back({"leaves", "ms", leaves_ms, 1000});
  if (outcome.verdict != Verdict::pass) return outcome;
  const auto on_one_node = [&](const Place &pod) { return pod.node == pods[0].node; };
  outcome.what =
      fmt::format("{} of {} connections, spread over {} pods{}; a deleted pod got none after {}.{} "
                  "s",
                  kConnections, kConnections, pods.size(),
                  std::all_of(pods.begin(), pods.end(), on_one_node) ? " of one node" : "",
                  leaves_ms / 1000, leaves_ms / 100 % 10);
  if (leaves_ms > context.bound("service.warn").count()) {
    outcome.verdict = Verdict::warn;
    outcome.cause = "SlowRemoval";
    outcome.advice = "look at kube-proxy's load; termination.preStop must stay longer than that";
  }
  return outcome;
}

} // namespace hello::check
