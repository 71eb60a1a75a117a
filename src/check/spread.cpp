#include <algorithm>
#include <cstdlib>
#include <map>

#include <fmt/core.h>

#include "check/context.h"

namespace hello::check {
namespace {

using std::chrono::seconds;

constexpr std::string_view kName = "check-spread";

/// How many more pods one node may have than another, as the release asks for it.
std::int64_t allowed_skew(const std::vector<kube::Object> &release) {
  for (const kube::Object &object : release)
    for (const json::Value &one :
         object.value.at("spec", "template", "spec", "topologySpreadConstraints").items())
      if (one.text("topologyKey") == "kubernetes.io/hostname") return one.at("maxSkew").number(1);
  return 1;
}

Outcome check_placement(const std::vector<Place> &pods, const std::vector<Node> &nodes,
                        std::int64_t allowed) {
  std::map<std::string, std::int64_t> counts;
  for (const Node &node : nodes)
    if (node.ready) counts[node.name] = 0;
  for (const Place &pod : pods) ++counts[pod.node];
  std::int64_t most = 0, least = INT64_MAX;
  std::vector<std::string> evidence;
  for (const auto &place : counts) {
    most = std::max(most, place.second);
    least = std::min(least, place.second);
    const bool cordoned = std::any_of(nodes.begin(), nodes.end(), [&](const Node &one) {
      return one.name == place.first && one.cordoned;
    });
    if (evidence.size() < 10)
      evidence.push_back(fmt::format("Node/{}: {} pods{}", place.first, place.second,
                                     cordoned ? ", cordoned" : ""));
  }
  if (counts.size() < 2)
    return {.verdict = Verdict::skip,
            .cause = "NotApplicable",
            .what = "the service may run on one node only"};
  if (most - least > allowed)
    return failed(
        "NotSpread",
        fmt::format("one node has {} pods, another {}; the constraint allows a difference "
                    "of {}",
                    most, least, allowed),
        std::move(evidence), "look at cordoned and full nodes");
  return passed(fmt::format("{} pods on {} nodes", pods.size(), counts.size()));
}

/// Compares the clocks of the pods' nodes by what one client measured. The first pod is asked
/// twice: its offset to itself must be about 0.
Outcome check_clocks(const Context &context, const Heard &heard, const std::vector<Place> &pods,
                     Outcome placed) {
  if (!heard.trouble.empty()) return no_instrument(heard);
  std::int64_t first_us = 0, least = 0, most = 0;
  std::vector<std::string> evidence;
  for (std::size_t i = 0; i <= pods.size(); ++i) {
    const json::Value *clock = heard.of(i, "clock");
    if (!clock) return no_instrument(heard);
    if (!clock->text("why").empty())
      return inconclusive("NoInstrument", "a pod does not tell its time: " + clock->text("why"));
    if (i == 0) first_us = clock->at("offus").number();
    const std::int64_t offset = clock->at("offus").number() - first_us;
    if (i == pods.size() && std::abs(offset) > 100'000)
      return inconclusive("ControlFailed",
                          fmt::format("the clock of the same pod moved by {} ms", offset / 1000));
    if (i == pods.size()) continue;
    least = std::min(least, offset);
    most = std::max(most, offset);
    evidence.push_back(fmt::format("Node/{}: {} ms", pods[i].node, offset / 1000));
  }
  const std::int64_t apart = (most - least) / 1000;
  const bool fails = apart > context.bound("spread.fail").count();
  if (fails || apart > context.bound("spread.warn").count()) {
    placed = failed("ClocksApart", fmt::format("the nodes' clocks are {} ms apart", apart),
                    std::move(evidence), "look at the time service of these nodes");
    if (!fails) placed.verdict = Verdict::warn;
  } else {
    placed.what += fmt::format(", whose clocks are {} ms apart", apart);
  }
  placed.figures = {{"clocks", "ms", apart, 100}};
  return placed;
}

Outcome look(Context &context) {
  std::vector<Node> nodes;
  if (const auto failure = list_nodes(context, nodes)) return refused(*failure, "list the nodes");
  const std::vector<kube::Object> release = spread_release(context);
  if (const auto made = context.apply(release); !made) {
    context.words_of(made.failure());
    return refused(made.failure(), "make a release to spread");
  }
  if (const Rollout rollout = await_rollout(context, kName, seconds(60)); !rollout.ready)
    return inconclusive("NotReady", "the release to spread is not ready: " + rollout.what);
  const std::vector<Place> pods = context.pods(context.a, kName);
  Outcome placed = check_placement(pods, nodes, allowed_skew(release));
  if (placed.verdict != Verdict::pass || pods.empty()) return placed;
  Client client{.name = std::string(kName), .ns = context.b, .args = {}};
  for (const Place &pod : pods)
    client.args.push_back(fmt::format("clock http://{}:8080/echo 5", pod.ip));
  client.args.push_back(client.args[0]);
  return check_clocks(context, context.ask(client), pods, std::move(placed));
}

} // namespace

std::vector<kube::Object> spread_release(const Context &context) {
  const std::vector<Setting> more = {{"replicas", "3"}, {"echo.enabled", "true"}};
  return context.rendered(kName, more);
}

Outcome check_spread(Context &context) {
  Outcome outcome = look(context);
  // later checks need its place in the quota
  context.cluster.remove({"apps/v1", "Deployment", context.a, std::string(kName)}, {},
                         context.until(seconds(30)));
  return outcome;
}

} // namespace hello::check
