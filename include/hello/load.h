#pragma once
#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "hello/address.h"
#include "hello/histogram.h"
#include "hello/http_client.h"

/// An open-loop load generator. The times at which requests are due are fixed before the run and do
/// not depend on the answers, so a server that stands still for a second is charged with every
/// request that was due in it. Latency is counted from the time a request was due.
/// Source: Gil Tene, "How not to measure latency" (coordinated omission).
namespace hello::load {

/// Nanoseconds since the start of the run.
using Nanos = std::int64_t;

/// What is asked: one URL, at the addresses that its host had when the run began.
struct Target {
  sys::HttpUrl url;
  std::vector<sys::Address> addresses; ///< with the port; at least one

  bool is_loopback() const;
};

/// Throws Error(Exit::usage) for a malformed URL, Error(Exit::failure) for a host that has no
/// address within `patience`.
Target resolve(const std::string &url, std::chrono::milliseconds patience = {});

struct Plan {
  std::int64_t rate = 10; ///< requests a second; request i is due after i / rate seconds
  std::chrono::milliseconds time{10'000};
  std::chrono::milliseconds wait{10'000}; ///< for answers that are due at the end
  std::chrono::milliseconds patience{};   ///< for the first connection, before the run begins
  int connections = 50;                   ///< at most; opened as they are needed
  std::vector<std::string> headers;       ///< "Name: value", without line ends
};

/// Why a request has no answer.
enum class Loss : std::uint8_t {
  refused,    ///< no connection
  closed,     ///< the connection ended before the answer did
  malformed,  ///< the answer is not HTTP/1
  unfinished, ///< no answer when the run ended
};
inline constexpr std::size_t kLosses = 4;
std::string_view word(Loss loss);

/// Why a run ended before its time.
enum class Stop : std::uint8_t { none, interrupted, told };

struct Report {
  std::uint64_t planned = 0; ///< requests due in the time of the run
  std::uint64_t due = 0;     ///< of them, those whose time came
  std::uint64_t answered = 0;
  std::map<int, std::uint64_t> statuses;
  std::map<std::string, std::uint64_t, std::less<>> pods; ///< who answered, as its JSON says
  std::array<std::uint64_t, kLosses> losses{};            ///< by Loss
  Histogram latency; ///< nanoseconds: of answers, and of unfinished requests their age
  Histogram lag;     ///< from when a request was due and a connection free to its write
  Nanos elapsed = 0;
  int cpu_percent = 0; ///< of the generator's thread
  Stop stop = Stop::none;
  int told = 0; ///< with `Stop::told`: the status, 429 or 503, that asked for less

  std::uint64_t lost() const;
  /// Without those that were answered with a status below 400.
  std::uint64_t errors() const;
  /// Why the latencies cannot be trusted: the generator itself was late. Empty: they can.
  std::string saturation() const;
};

/// Gets the report so far, about once a second.
using Progress = std::function<void(const Report &)>;

/// Runs on the calling thread. After the first signal (sys::Interrupts) no request becomes due, and
/// what is on its way is waited for. Throws Error(Exit::failure) if no address takes a connection
/// within Plan::patience.
Report run(const Target &target, const Plan &plan, const Progress &progress = {});

} // namespace hello::load
