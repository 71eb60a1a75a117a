#include "hello/rates.h"

#include <algorithm>
#include <cstdlib>
#include <limits>

#include <fmt/core.h>

#include "hello/text.h"

namespace hello::kube {
namespace {

using namespace std::chrono_literals;

constexpr auto kRetry = 15s; ///< between two forwards to a pod that cannot be asked

constexpr std::string_view kRequests = "hello_http_requests_total{",
                           kBuckets = "hello_http_request_duration_seconds_bucket{",
                           kPage = "route=\"/\"";

double number(std::string_view text) {
  if (text == "+Inf") return std::numeric_limits<double>::infinity();
  return std::strtod(std::string(text).c_str(), nullptr);
}

/// The value of a label of a line of metrics.
std::string_view label(std::string_view line, std::string_view name) {
  const auto at = line.find(name);
  if (at == line.npos) return "";
  line.remove_prefix(at + name.size());
  return line.substr(0, line.find('"'));
}

/// As Prometheus does it: as if durations were spread evenly within a bucket.
std::optional<double> quantile(const std::map<double, double> &buckets, double share) {
  if (buckets.empty() || buckets.rbegin()->second <= 0) return std::nullopt;
  const double rank = share * buckets.rbegin()->second;
  double bound = 0, below = 0;
  for (const auto &[upper, count] : buckets) {
    if (count >= rank) {
      if (upper == std::numeric_limits<double>::infinity() || count <= below) return bound;
      return bound + (upper - bound) * (rank - below) / (count - below);
    }
    bound = upper;
    below = count;
  }
  return bound;
}

} // namespace

Counters counters_of(std::string_view metrics) {
  Counters counters;
  for (const std::string_view line : text::lines(metrics)) {
    const bool requests = line.starts_with(kRequests);
    if ((!requests && !line.starts_with(kBuckets)) || line.find(kPage) == line.npos) continue;
    const double value = number(line.substr(line.rfind(' ') + 1));
    if (!requests)
      counters.buckets[number(label(line, "le=\""))] = value;
    else
      counters.requests += value;
    if (requests && label(line, "code=\"").starts_with('5')) counters.errors += value;
  }
  return counters;
}

Rates rates_between(const Counters &before, const Counters &after, double seconds) {
  if (seconds <= 0 || after.requests < before.requests) return {}; // it has restarted
  std::map<double, double> buckets = after.buckets;
  for (auto &[bound, count] : buckets)
    if (const auto old = before.buckets.find(bound); old != before.buckets.end())
      count -= old->second;
  return {(after.requests - before.requests) / seconds, (after.errors - before.errors) / seconds,
          quantile(buckets, 0.5), quantile(buckets, 0.99)};
}

std::optional<Rates> RateSampler::ask(Asked &pod) {
  if (pod.address.empty()) return std::nullopt;
  const sys::HttpReply reply = cluster_.ask("http://" + pod.address + "/metrics", 2s);
  if (reply.status != 200) return std::nullopt;
  Counters now = counters_of(reply.body);
  const auto time = cluster_.now();
  std::optional<Rates> rates;
  if (pod.counters)
    rates =
        rates_between(*pod.counters, now, std::chrono::duration<double>(time - pod.time).count());
  pod.counters = std::move(now);
  pod.time = time;
  return rates;
}

RatesByPod RateSampler::sample(const std::vector<std::string> &pods) {
  const std::vector<std::string> asked(
      pods.begin(), pods.begin() + static_cast<std::ptrdiff_t>(std::min(pods.size(), kMost)));
  std::erase_if(pods_, [&](const auto &one) {
    return std::find(asked.begin(), asked.end(), one.first) == asked.end();
  });
  std::vector<Asked *> opened;
  for (const std::string &name : asked) {
    Asked &pod = pods_[name];
    const bool works = !pod.address.empty() && pod.forward->is_open();
    // One that was not ready may be so now.
    if (works || (pod.forward && cluster_.now() - pod.time < kRetry)) continue;
    pod = {.forward = cluster_.forward("pod/" + name, "admin"), .time = cluster_.now()};
    opened.push_back(&pod);
  }
  for (Asked *pod : opened)
    if (auto address = pod->forward->address(cluster_.now() + 5s)) {
      pod->address = *address;
      ask(*pod);
    }
  if (!opened.empty()) cluster_.sleep(2s);
  RatesByPod all;
  for (auto &[name, pod] : pods_)
    if (const auto rates = ask(pod)) all[name] = *rates;
  return all;
}

} // namespace hello::kube
