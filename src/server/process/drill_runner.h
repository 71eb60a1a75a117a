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
#include "server/process/disk_fill.h"

namespace hello::server {

/// Where drills keep their files, its limit, and what others may take of that.
struct DrillPlace {
  std::string folder = "/tmp";
  std::int64_t limit_bytes = 32 << 20, reserved_bytes = 0;
  Ballast::Room room = Ballast::room_in_cgroup; ///< in memory
};

/// Begins and ends drills at their times, on a thread of its own. Each ends by itself; there is one
/// of a fault at a time, and a new one takes its place.
class DrillRunner {
public:
  using Clock = std::chrono::steady_clock;

  /// `faults` is borrowed. The times of the schedule count from start(). Goes on with a crash that
  /// repeats. Throws Error(Exit::usage) if a scheduled drill is refused. Call it before the sandbox
  /// closes.
  DrillRunner(Faults &faults, std::vector<drills::Scheduled> schedule, DrillPlace place = {});
  ~DrillRunner() { stop(); }

  /// Call it in the sandbox, which the thread inherits.
  void start();
  void stop() noexcept;

  // For any thread.

  /// Begins the drill before it returns; what ends the process does so a moment later, so that a
  /// response can be sent. Returns why the drill is refused, or nothing.
  std::string begin(const drills::Drill &drill);
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
    bool is_resumed = false;      ///< an earlier process began it
    Clock::time_point crash_at{}; ///< of those that end the process
  };

  void run();
  std::string refusal(const drills::Drill &drill) const;
  void update(Clock::time_point now);
  std::string begin_one(Entry &entry, Clock::time_point now);
  void finish(Entry &entry, std::string_view why);
  [[noreturn]] void crash(drills::Drill drill);
  void fill_disk();
  void work(std::unique_lock<std::mutex> &lock);
  void write_lines();

  Faults &faults_;
  std::mutex mutex_; ///< of all that follows
  std::condition_variable changed_;
  std::vector<Entry> entries_;
  const DrillPlace place_;
  Ballast ballast_;
  DiskFill disk_;
  std::int64_t slice_ = 0;
  std::size_t logged_bytes_ = 0; ///< of the present `log`
  bool stopping_ = false;
  std::thread thread_;
};

} // namespace hello::server
