#include <algorithm>

#include <fmt/core.h>

#include "check/context.h"

namespace hello::check {

using std::chrono::seconds;

/// The load ended with the check autoscaler.
Outcome check_scale_down(Context &context) {
  const kube::Id id{"autoscaling/v2", "HorizontalPodAutoscaler", context.a, std::string(kScale)};
  const sys::Deadline start = context.cluster.now();
  json::Value last;
  for (const sys::Deadline end = context.until(context.bound("scale-down.down"));;
       context.sleep(seconds(2))) {
    auto autoscaler = context.read(id);
    if (!autoscaler && !autoscaler.failure().retryable)
      return refused(autoscaler.failure(), "read the autoscaler");
    if (autoscaler) last = std::move(*autoscaler);
    const auto time = std::chrono::duration_cast<seconds>(context.cluster.now() - start);
    const std::int64_t replicas = last.at("status", "desiredReplicas").number();
    if (replicas == 1) {
      Outcome outcome = passed(fmt::format("back to one pod {} s after load ended", time.count()));
      outcome.figures = {{"down", "s", time.count(), 30}};
      return outcome;
    }
    const auto used = scale_milli(context);
    const std::int64_t milli = used ? *used : -1;
    if (!context.is_over(end)) {
      context.doing(fmt::format("{} pods wanted, at {} m of CPU", replicas, milli));
      continue;
    }
    if (!autoscaler) return refused(autoscaler.failure(), "read the autoscaler");
    if (used.failed_with(kube::Trouble::forbidden)) return refused(used.failure(), kReadMetrics);
    const std::string condition = scale_condition(last);
    if (milli < 0)
      return failed("NoMetrics", "the autoscaler has no metrics to act on", {condition},
                    "look at the metrics-server's pods");
    if (milli > kScaleMilli * replicas)
      return inconclusive("ControlFailed",
                          fmt::format("the pods use {} m of CPU without load", milli));
    return failed("NotScaledDown",
                  fmt::format("{} pods are wanted {} s after load ended, at {} m of CPU", replicas,
                              time.count(), milli),
                  {condition.empty() ? "the autoscaler has no condition" : condition},
                  "look at the kube-controller-manager, which runs the autoscaler");
  }
}

} // namespace hello::check
