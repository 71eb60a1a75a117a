#pragma once
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "server/engine/counter.h"
#include "server/engine/latency.h"

/// The counters of one loop's handler. Only the loop's thread writes them, and the admin thread
/// reads them at any time: plain loads and stores suffice, and no loops share a cache line.
namespace hello::server {

/// Labels of hello_http_requests_total. A value that is not in its list counts under the last
/// entry, so that a client cannot create time series.
inline constexpr std::array<std::string_view, 10> kRoutes = {
    "/",        "/livez",   "/readyz", "/healthz", "/metrics",
    "/version", "/latency", "/*",      "/echo",    "none"};
inline constexpr std::array<std::string_view, 9> kMethods = {
    "GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "other"};
inline constexpr std::array<int, 23> kCodes = {200, 204, 304, 308, 400, 403, 404, 405,
                                               408, 411, 412, 413, 414, 417, 429, 431,
                                               500, 501, 502, 503, 504, 505, 0};
enum class Route : std::uint8_t {
  root,
  livez,
  readyz,
  healthz,
  metrics,
  version,
  latency,
  unmatched,
  echo, ///< on the public port
  none
};

/// Upper bounds of the duration histogram; longer durations count under +Inf.
struct Bucket {
  std::uint64_t ns;
  std::string_view le; ///< the same in seconds
};
inline constexpr std::array<Bucket, 15> kBuckets = {{{50'000, "5e-05"},
                                                     {100'000, "0.0001"},
                                                     {250'000, "0.00025"},
                                                     {500'000, "0.0005"},
                                                     {1'000'000, "0.001"},
                                                     {2'500'000, "0.0025"},
                                                     {5'000'000, "0.005"},
                                                     {10'000'000, "0.01"},
                                                     {25'000'000, "0.025"},
                                                     {50'000'000, "0.05"},
                                                     {100'000'000, "0.1"},
                                                     {250'000'000, "0.25"},
                                                     {500'000'000, "0.5"},
                                                     {1'000'000'000, "1"},
                                                     {5'000'000'000, "5"}}};

struct Histogram {
  std::array<Counter, kBuckets.size() + 1> counts; ///< not cumulative; the last is +Inf
  Counter sum_ns;
  void observe(std::uint64_t ns) {
    std::size_t i = 0;
    while (i < kBuckets.size() && ns > kBuckets[i].ns) ++i;
    counts[i].add();
    sum_ns.add(ns);
  }
};

/// Indices into the label lists.
std::size_t method_index(std::string_view method);
std::size_t code_index(int code);

struct alignas(64) RequestStats {
  void count(Route route, std::size_t method, int code, std::uint64_t duration_ns) {
    requests[static_cast<std::size_t>(route)][method][code_index(code)].add();
    durations[static_cast<std::size_t>(route)].observe(duration_ns);
  }
  std::array<std::array<std::array<Counter, kCodes.size()>, kMethods.size()>, kRoutes.size()>
      requests;
  std::array<Histogram, kRoutes.size()> durations;
  LatencyHistogram latency; ///< of "/"

  /// Counts a refusal; `reason` must be a literal. Beyond 31 different reasons all others count
  /// under "other".
  void refuse(std::string_view reason);
  struct Refused {
    std::string_view reason;
    Counter count;
  };
  std::array<Refused, 32> refused;
  std::atomic<std::size_t> refused_size{0}; ///< how many of `refused` may be read
};

} // namespace hello::server
