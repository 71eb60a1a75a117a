#pragma once
#include <cstdint>
#include <string_view>

#include "check/client/lines.h"
#include "hello/histogram.h"

/// What the files of a client's steps share, and the steps that client.cpp does not have itself.
namespace hello::check {

constexpr milliseconds kPatience{3000}; ///< for one answer over HTTP

inline void number(json::Writer &out, std::string_view key, std::uint64_t value) {
  out.key(key).number(static_cast<std::int64_t>(value));
}

inline void latency(json::Writer &out, const Histogram &ns) {
  number(out, "p50us", ns.quantile(500'000) / 1000);
  number(out, "p99us", ns.quantile(990'000) / 1000);
  number(out, "maxus", ns.max() / 1000);
}

// What the pod finds on its own node: pod_steps.cpp
void do_self(Words words, Lines &lines);
void do_clock(Words words, Lines &lines);
void do_log(Words words, Lines &lines);
void do_disk(Words words, Lines &lines);

} // namespace hello::check
