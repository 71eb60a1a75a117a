#pragma once
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "hello/drills.h"
#include "server/engine/faults.h"
#include "server/process/ballast.h"

namespace hello::server {

/// Begins and ends drills at their times, on a thread of its own. Each ends by itself; there is one
/// of a fault at a time, and a new one takes its place.
class DrillRunner {
public:
  using Clock = std::chrono::steady_clock;

  /// `faults` is borrowed. The times of the schedule count from start().
  DrillRunner(Faults &faults, std::vector<drills::Scheduled> schedule);
  ~DrillRunner() { stop(); }

  /// Call it in the sandbox, which the thread inherits.
  void start();
  void stop() noexcept;

  // For any thread.

  /// Begins the drill before it returns; a crash a moment later, so that a response can be sent.
  void begin(const drills::Drill &drill);
  /// Ends the drill of a fault, or does nothing.
  void end(drills::Fault fault);
  void end_all();
  struct Active {
    drills::Drill drill;
    std::chrono::milliseconds left;
  };
  std::vector<Active> active();

private:
  struct Entry {
    drills::Drill drill;
    Clock::time_point start, end;
    bool has_begun = false, is_over = false;
  };

  void run();
  void update(Clock::time_point now);
  void begin_one(Entry &entry, Clock::time_point now);
  void finish(Entry &entry, std::string_view why);
  void work(std::unique_lock<std::mutex> &lock);
  void write_lines();

  Faults &faults_;
  std::mutex mutex_; ///< of all that follows
  std::condition_variable changed_;
  std::vector<Entry> entries_;
  Ballast ballast_;
  std::int64_t slice_ = 0;
  std::size_t logged_bytes_ = 0; ///< of the present `log`
  bool stopping_ = false;
  std::thread thread_;
};

} // namespace hello::server
