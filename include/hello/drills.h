#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

/// Faults on request. The definitions that the service, which has the faults, and the commands that
/// start them share: names, values and bounds.
namespace hello::drills {

enum class Fault : std::uint8_t {
  unready,
  unlive,
  latency,
  errors,
  reset,
  work,
  burn,
  crash,
  hang,
  drain,
  log,
  memory,
  disk,
  start
};
inline constexpr std::size_t kFaults = 14;

inline constexpr std::chrono::seconds kDefaultTime{60};
inline constexpr std::chrono::minutes kLongestTime{15};
/// The port of the listener in a pod, on loopback addresses alone.
inline constexpr int kPort = 8082;
/// The header with the key of the service that is meant: its pod's UID, or the token that it wrote.
inline constexpr std::string_view kKeyHeader = "Hello-Drill-Key";

/// Of a drill that is scheduled from the start of the service.
inline constexpr std::chrono::hours kLatestStart{24};

/// Of memory: until the kernel ends the process. Of disk: until the kubelet evicts the pod.
inline constexpr std::int64_t kNoBound = std::int64_t{1} << 60;

/// Of starts that fail, and of crashes that repeat.
inline constexpr int kMostRepeats = 10;

/// How a crash ends the process.
enum class Crash : std::uint8_t { exit, segv, ill, fpe };

/// One fault for a time. Amounts: latency, work, drain: milliseconds; errors: a status; reset,
/// burn: percent; crash: the exit code; log: lines a second; memory, disk: bytes, or kNoBound;
/// start: how many starts fail. Second amounts: latency: milliseconds of jitter to both sides;
/// errors: percent; crash: a Crash.
struct Drill {
  Fault fault = Fault::unready;
  std::int64_t amount = 0, second = 0;
  std::string text; ///< as it was given: "latency=200ms"
  std::chrono::milliseconds time = kDefaultTime;
  /// Of a crash: how often it happens, at most kMostRepeats; 0: once, and the restart ends it.
  int repeat = 0;
};

/// Whether the drill ends the process.
constexpr bool ends_process(Fault fault) { return fault == Fault::crash || fault == Fault::start; }
/// Whether the drill goes on after a restart of the process.
constexpr bool outlives_process(const Drill &drill) {
  return drill.fault == Fault::start || drill.repeat > 0;
}

/// A fault as help and documents describe it.
struct Definition {
  std::string_view name;
  std::string_view value;    ///< "TIME[,JITTER]"; empty: it takes none
  std::string_view fallback; ///< value that is used without one; empty: it must be given
  std::string_view help;
};

/// In the order of Fault.
std::span<const Definition> definitions();
std::string_view name_of(Fault fault);
std::optional<Fault> fault_of(std::string_view name);

/// Reads "FAULT" or "FAULT=VALUE", and sets the time to its default. Returns what is wrong with it,
/// or nothing.
std::string parse(std::string_view text, Drill &drill);

/// Sets how often a crash happens. Returns what is wrong with it, or nothing.
std::string parse_repeat(std::string_view text, Drill &drill);

/// Reads a time that a drill may last: from 1 s to kLongestTime.
std::string parse_time(std::string_view text, Drill &drill);

/// A drill at a time after the start of the service.
struct Scheduled {
  Drill drill;
  std::chrono::milliseconds start{};
};

/// Reads "FAULT[=VALUE]@START[+TIME]".
std::string parse(std::string_view text, Scheduled &scheduled);

} // namespace hello::drills
