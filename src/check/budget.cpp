#include <algorithm>

#include <fmt/core.h>

#include "check/context.h"

namespace hello::check {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int kLoadSeconds = 30;
constexpr int kTries = 3; ///< of a second eviction

/// How many more pods the budget lets go; -1: it cannot be read.
std::int64_t allowed(Context &context) {
  const auto budget =
      context.read({"policy/v1", "PodDisruptionBudget", context.a, std::string(kSteady)});
  return budget ? budget->at("status", "disruptionsAllowed").number(-1) : -1;
}

/// Source: kubernetes.io, "API-initiated Eviction".
kube::Result<json::Value> evict(Context &context, const std::string &pod) {
  return context.cluster.post(
      fmt::format("/api/v1/namespaces/{}/pods/{}/eviction", context.a, pod),
      fmt::format(R"({{"apiVersion": "policy/v1", "kind": "Eviction", "metadata": )"
                  R"({{"name": "{}", "namespace": "{}"}}}})",
                  pod, context.a),
      context.until(seconds(20)));
}

std::vector<Place> ready_pods(Context &context) {
  std::vector<Place> pods = context.pods(context.a, kSteady);
  std::erase_if(pods, [](const Place &pod) { return !pod.ready; });
  return pods;
}

/// Evicts pods until the budget refuses one.
Outcome evict_two(Context &context) {
  std::vector<Place> pods = ready_pods(context);
  for (int i = 0; i <= kTries; ++i) {
    if (pods.size() < 2) return inconclusive("NoInstrument", "the release has fewer than two pods");
    const auto evicted = evict(context, pods.front().name);
    if (!evicted && i == 0) return refused(evicted.failure(), "evict a pod");
    if (!evicted) {
      if (evicted.failure().trouble == kube::Trouble::too_many_requests &&
          evicted.failure().words.find("disruption budget") != std::string::npos)
        return passed("");
      return refused(evicted.failure(), "evict a second pod");
    }
    const std::size_t before = pods.size();
    pods = ready_pods(context);
    // with two pods less than there are replicas, the budget was not asked
    if (i > 0 && pods.size() + 2 <= kSteadyPods)
      return failed(
          "NotProtected",
          fmt::format("a second pod was evicted while {} of {} were ready", before, kSteadyPods),
          {fmt::format("the budget now allows {} disruptions", allowed(context))},
          "look at the PodDisruptionBudget, and at what removes it");
  }
  return inconclusive("TooFast", "each evicted pod was replaced before the next eviction");
}

} // namespace

Outcome check_budget(Context &context) {
  context.doing("waiting for the budget");
  const sys::Deadline end = context.until(seconds(30));
  while (allowed(context) < 1 || ready_pods(context).size() < kSteadyPods) {
    if (context.is_over(end))
      return inconclusive("ControlFailed", "the budget allows no disruption, with all pods ready");
    context.sleep(milliseconds(500));
  }
  const Client load = load_client(context, context.service_ip, "check-evictions", kLoadSeconds);
  if (const std::string trouble = context.start(load); !trouble.empty())
    return inconclusive("NoInstrument", trouble);
  if (!await_load(context, load))
    return inconclusive("NoInstrument", "the load client did not begin");
  context.doing("evicting pods under load");
  Outcome evicted = evict_two(context);
  const Rollout back = await_rollout(context, kSteady, seconds(60));
  if (evicted.cause.empty() && back.read && !back.ready)
    evicted = failed("NotReplaced", "the evicted pod was not replaced", {back.what, back.evidence},
                     "look at the kube-controller-manager");
  std::vector<Figure> figures;
  Outcome outcome =
      judge_load(context.hear(load), figures, "a pod was evicted and the budget refused the next");
  if (!evicted.cause.empty() && outcome.verdict != Verdict::fail) outcome = std::move(evicted);
  outcome.figures = std::move(figures);
  return outcome;
}

} // namespace hello::check
