#include <algorithm>

#include <fmt/core.h>

#include "check/context.h"
#include "hello/text.h"

namespace hello::check {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int kRate = 150, kLoadSeconds = 170;

Client load_of(const Context &context, const std::string &service) {
  return {.name = "check-scale",
          .ns = context.b,
          .args = {fmt::format("get http://{}/ 3 10 - {} 0", service, context.run),
                   fmt::format("load http://{}/ {} {}", service, kRate, kLoadSeconds * 1000)},
          .longest = seconds(kLoadSeconds + 30)};
}

/// Why it was not scaled up, with the load's word for it.
Outcome not_scaled(Context &context, const json::Value &autoscaler, std::int64_t most_milli) {
  const Client load = load_of(context, "");
  const Heard heard = context.so_far(load.ns, load.name);
  if (!heard.trouble.empty()) return no_instrument(heard);
  const json::Value *now = heard.of(1, "loading");
  if (!now || heard.ended || now->at("errors").number() > 0 || now->at("answered").number() < 1000)
    return inconclusive("ControlFailed", "the load client did not keep its rate");
  const std::string condition = scale_condition(autoscaler);
  if (most_milli < 0)
    return failed("NoMetrics", "the autoscaler has no metrics to act on", {condition},
                  "look at the metrics-server's pods");
  if (most_milli <= kScaleMilli)
    return inconclusive("ControlFailed",
                        fmt::format("the load raised CPU use to {} m, and the target is {} m",
                                    most_milli, kScaleMilli));
  return failed("NotScaled",
                fmt::format("no more pods after {} s, at {} m of CPU and a target of {} m",
                            context.bound("autoscaler.up").count() / 1000, most_milli, kScaleMilli),
                {condition.empty() ? "the autoscaler has no condition" : condition},
                "look at the kube-controller-manager, which runs the autoscaler");
}

/// Deploys once more, and watches that the number of pods stays.
Outcome check_deploy_keeps(Context &context, std::int64_t replicas) {
  const kube::Id id{"apps/v1", "Deployment", context.a, std::string(kScale)};
  if (const auto applied = context.apply(scale_release(context)); !applied)
    return inconclusive("Refused", context.words_of(applied.failure()));
  bool seen = false;
  for (const sys::Deadline end = context.until(seconds(5)); !context.is_over(end);) {
    const auto object = context.read(id);
    seen |= static_cast<bool>(object);
    if (object && object->at("spec", "replicas").number() < replicas)
      return failed("Reset",
                    fmt::format("a deploy took the Deployment's replicas from {} to {}", replicas,
                                object->at("spec", "replicas").number()),
                    {}, "something sets replicas beside the autoscaler: an admission webhook");
    context.sleep(milliseconds(500));
  }
  return seen ? passed("") : inconclusive("ApiLost", "the Deployment cannot be read");
}

} // namespace

std::vector<kube::Object> scale_release(const Context &context) {
  const std::vector<Setting> more = {
      {"autoscaling.enabled", "true"},
      {"autoscaling.minReplicas", "1"},
      {"autoscaling.maxReplicas", "3"},
      {"autoscaling.cpu", "100"},
      {"autoscaling.behavior", "{scaleDown: {stabilizationWindowSeconds: 0}}"},
      {"resources.requests.cpu", fmt::format("{}m", kScaleMilli)},
  };
  return context.rendered(kScale, more);
}

kube::Result<std::int64_t> scale_milli(Context &context) {
  const auto got = context.cluster.fetch(
      fmt::format("/apis/metrics.k8s.io/v1beta1/namespaces/{}/pods?labelSelector={}", context.a,
                  text::percent_encoded(names::pods_selector(std::string(kScale)))));
  if (!got) return got.failure();
  std::int64_t sum = -1;
  for (const json::Value &pod : got->at("items").items())
    for (const json::Value &container : pod.at("containers").items())
      if (const auto cpu = text::Quantity::parse(container.text("usage", "cpu")))
        sum = std::max<std::int64_t>(sum, 0) + static_cast<std::int64_t>(cpu->value() * 1000);
  return sum;
}

std::string scale_condition(const json::Value &autoscaler) {
  for (const json::Value &one : autoscaler.at("status", "conditions").items())
    if (one.text("status") == "False" && one.text("type") != "ScalingLimited")
      return fmt::format("{}: {}: {}", one.text("type"), one.text("reason"), one.text("message"));
  return "";
}

Outcome begin_autoscaler(Context &context) {
  if (const auto made = context.apply(scale_release(context)); !made)
    return refused(made.failure(), "make a release to scale");
  await_rollout(context, kScale, seconds(20));
  context.scale_began = context.cluster.now();
  const auto service = context.read({"v1", "Service", context.a, std::string(kScale)});
  if (!service) return {}; // the check says why
  std::string trouble = context.start(load_of(context, service->text("spec", "clusterIP")));
  return trouble.empty() ? Outcome() : inconclusive("NoInstrument", std::move(trouble));
}

Outcome check_autoscaler(Context &context) {
  const kube::Id id{"autoscaling/v2", "HorizontalPodAutoscaler", context.a, std::string(kScale)};
  const kube::Id metrics{"apiregistration.k8s.io/v1", "APIService", "", "v1beta1.metrics.k8s.io"};
  if (!context.cluster.serves("metrics.k8s.io/v1beta1") && !context.read(metrics))
    return {.verdict = Verdict::skip,
            .cause = "NotInstalled",
            .what = "the cluster has no metrics API, which the autoscaler needs"};
  const sys::Deadline end =
      std::min(context.scale_began + context.bound("autoscaler.up"), context.deadline);
  std::int64_t most_milli = -1, replicas = 0;
  json::Value last;
  for (;; context.sleep(seconds(2))) {
    auto autoscaler = context.read(id);
    if (!autoscaler && !autoscaler.failure().retryable)
      return refused(autoscaler.failure(), "read the autoscaler");
    if (autoscaler) last = std::move(*autoscaler);
    const auto used = scale_milli(context);
    if (used.failed_with(kube::Trouble::forbidden)) return refused(used.failure(), kReadMetrics);
    if (used) most_milli = std::max(most_milli, *used);
    replicas = last.at("status", "desiredReplicas").number();
    if (replicas > 1) break;
    context.doing(fmt::format("{} m of CPU, target {} m", std::max<std::int64_t>(most_milli, 0),
                              kScaleMilli));
    if (context.is_over(end)) return not_scaled(context, last, most_milli);
  }
  const auto time = std::chrono::duration_cast<seconds>(
      std::max<sys::Clock::duration>(context.cluster.now() - context.scale_began, seconds(0)));
  Outcome kept = check_deploy_keeps(context, std::min<std::int64_t>(replicas, 2));
  if (!kept.cause.empty()) return kept;
  const Client load = load_of(context, "");
  const Heard heard = context.so_far(load.ns, load.name);
  context.remove_pod(load.ns, load.name);
  if (!heard.trouble.empty()) return no_instrument(heard);
  Outcome outcome =
      passed(fmt::format("{} pods wanted at most {} s after load began; a deploy kept "
                         "them",
                         replicas, time.count()));
  outcome.figures = {{"up", "s", time.count(), 30}};
  return outcome;
}

} // namespace hello::check
