#include <fmt/core.h>

#include "check/context.h"
#include "hello/text.h"

namespace hello::check {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::string_view kName = "check-burn";
constexpr int kPercent = 20; ///< of one CPU

Client burner(const Context &context) {
  return {.name = std::string(kName),
          .ns = context.b,
          .args = {fmt::format("burn {} 170000", kPercent)},
          .longest = seconds(180)};
}

/// One reading of the metrics API.
struct Reading {
  std::int64_t nano_cpu = -1; ///< per second; -1: none
  std::optional<kube::Failure> failure{};
};

Reading read_metrics(Context &context) {
  Reading reading;
  const auto got = context.cluster.fetch(
      fmt::format("/apis/metrics.k8s.io/v1beta1/namespaces/{}/pods/{}", context.b, kName));
  if (!got) {
    reading.failure = got.failure();
    return reading;
  }
  for (const json::Value &container : got->at("containers").items())
    if (const auto cpu = text::Quantity::parse(container.text("usage", "cpu")))
      reading.nano_cpu = static_cast<std::int64_t>(cpu->value() * 1e9);
  return reading;
}

/// The CPU time that the pod itself counted, in nanoseconds per second; -1: not known.
std::int64_t own_rate(const Heard &heard) {
  const json::Value *first = nullptr, *last = nullptr;
  for (const json::Value &line : heard.lines)
    if (line.text("step") == "burn") (first ? last : first) = &line;
  if (!first || !last) return -1;
  const std::int64_t ns = last->at("ns").number() - first->at("ns").number();
  if (ns < 5'000'000'000) return -1;
  const double cpu = static_cast<double>(last->at("cpu").number() - first->at("cpu").number());
  return static_cast<std::int64_t>(cpu * 1e9 / static_cast<double>(ns));
}

bool is_close(std::int64_t measured, std::int64_t own) {
  return measured * 10 >= own * 7 && measured * 10 <= own * 13;
}

} // namespace

Outcome begin_metrics(Context &context) {
  if (!context.cluster.serves("metrics.k8s.io/v1beta1")) return {};
  std::string trouble = context.start(burner(context));
  return trouble.empty() ? Outcome() : inconclusive("NoInstrument", std::move(trouble));
}

Outcome check_metrics(Context &context) {
  if (!context.cluster.serves("metrics.k8s.io/v1beta1")) {
    // an APIService without a server is not the same as none
    const kube::Id id{"apiregistration.k8s.io/v1", "APIService", "", "v1beta1.metrics.k8s.io"};
    const auto service = context.read(id);
    if (service)
      return failed("NoMetrics", "the metrics API is installed and does not answer", {},
                    "look at the metrics-server's pods");
    return {.verdict = Verdict::skip,
            .cause = "NotInstalled",
            .what = "the cluster has no metrics API",
            .advice = "the autoscaler and 'hello top' need it: see docs/metrics.md"};
  }
  const Client client = burner(context);
  Reading reading;
  std::int64_t own = -1;
  const sys::Deadline end = context.until(context.bound("metrics.age") + seconds(15));
  for (;; context.sleep(seconds(3))) {
    reading = read_metrics(context);
    if (reading.failure && reading.failure->trouble == kube::Trouble::forbidden)
      return refused(*reading.failure, kReadMetrics);
    const Heard heard = context.so_far(client.ns, client.name);
    if (!heard.trouble.empty()) return no_instrument(heard);
    own = own_rate(heard);
    if (heard.ended && own < 0) return no_instrument(heard);
    if (own > 0 && reading.nano_cpu > 0 && is_close(reading.nano_cpu, own)) break;
    if (!context.is_over(end)) continue;
    if (own <= 0)
      return inconclusive("ControlFailed", "the client did not report its own CPU time");
    if (heard.ended)
      return inconclusive("ControlFailed", "the client ended before the metrics API showed it");
    if (reading.nano_cpu < 0)
      return failed("NoMetrics", "the metrics API does not know a pod that runs and uses CPU",
                    {reading.failure ? reading.failure->words : "it gives no CPU use"},
                    "look at the metrics-server's log");
    return failed("WrongMetrics",
                  fmt::format("the metrics API says {} m of CPU, and the pod itself used {} m",
                              reading.nano_cpu / 1'000'000, own / 1'000'000),
                  {}, "look at the metrics-server's log and at the kubelet's cAdvisor");
  }
  context.remove_pod(client.ns, client.name);
  Outcome outcome = passed(fmt::format("{} m of CPU where the pod itself counted {} m",
                                       reading.nano_cpu / 1'000'000, own / 1'000'000));
  outcome.figures = {{"cpu", "m", reading.nano_cpu / 1'000'000, 100}};
  return outcome;
}

} // namespace hello::check
