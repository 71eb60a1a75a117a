#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "server/engine/faults.h"

/// The state of the engine, for /livez, /readyz and /metrics. Any thread may read it without a
/// lock.
namespace hello::server {

enum class Phase { starting, ready, draining, closing, stopped };
const char *to_text(Phase phase);

/// The numbers of one loop, written by its thread only.
struct alignas(64) LoopStatus {
  /// Steady clock at the last round, at least once a second; 0 before the first.
  std::atomic<std::int64_t> heartbeat_ms{0};
  std::atomic<std::int64_t> idle{0}, reading{0}, writing{0}, closing{0}; ///< connections by state
  std::atomic<std::uint64_t> accepted{0}, turned_away{0};
  std::atomic<std::uint64_t> evicted{0};            ///< for connections that waited
  std::atomic<std::uint64_t> evicted_for_memory{0}; ///< to keep to the memory budget
  std::atomic<std::uint64_t> timed_out{0};          ///< did not read the response in time
  std::atomic<std::uint64_t> received_bytes{0}, sent_bytes{0};
};

class Status {
public:
  explicit Status(unsigned public_loops)
      : loops_(new LoopStatus[public_loops + 1]), public_loops_(public_loops) {}

  Phase phase() const { return phase_.load(std::memory_order_relaxed); }

  using Moment = std::chrono::steady_clock::time_point;

  /// Returns the failing check and why ("phase: draining", "temp-directory: No space left on
  /// device"), or "" if ready. `resumed`: the end of the last pause of the whole process.
  std::string unready(Moment now, Moment resumed) const;

  /// Returns a public loop that has had no heartbeat for longer than kStuck since then ("loop 2"),
  /// or "" if there is none.
  std::string stuck(Moment now, Moment resumed) const;
  static constexpr std::chrono::seconds kStuck{15};
  static constexpr std::chrono::seconds kTempCheck{5}; ///< between two checks

  unsigned public_loops() const { return public_loops_; }
  const LoopStatus &public_loop(unsigned n) const { return loops_[n]; }
  const LoopStatus &admin_loop() const { return loops_[public_loops_]; }

  // For Lifecycle and TempCheck, which set what the functions above report.
  void set_phase(Phase phase) { phase_.store(phase, std::memory_order_relaxed); }
  int temp_error() const { return temp_error_.load(std::memory_order_relaxed); }
  /// The result of a check: an errno, or 0 if the directory is writable. From the first one on,
  /// there must be one in time.
  void set_temp_check(int error, Moment now = std::chrono::steady_clock::now()) {
    temp_error_.store(error, std::memory_order_relaxed);
    temp_checked_.store(now, std::memory_order_relaxed);
  }
  /// The parts of the sandbox that are in force. Before the first loop.
  void set_sandbox(bool seccomp, bool landlock) {
    seccomp_ = seccomp;
    landlock_ = landlock;
  }
  /// What drills make fail.
  Faults &faults() { return faults_; }
  const Faults &faults() const { return faults_; }
  bool has_seccomp() const { return seccomp_; }
  bool has_landlock() const { return landlock_; }
  /// The admin loop is number public_loops().
  LoopStatus &loop(unsigned n) { return loops_[n]; }

private:
  std::atomic<Phase> phase_{Phase::starting};
  std::atomic<int> temp_error_{0};
  std::atomic<Moment> temp_checked_{Moment()};
  bool seccomp_ = false, landlock_ = false;
  Faults faults_;
  std::unique_ptr<LoopStatus[]> loops_;
  unsigned public_loops_;
};

} // namespace hello::server
