#pragma once
#include <memory>
#include <thread>
#include <vector>

#include "hello/server.h"
#include "server/engine/loop.h"
#include "server/process/temp_check.h"

namespace hello::server {

/// Owns the threads of the loops and the order in which a service begins and ends:
/// starting, ready, draining (not ready, serving), closing (finishing what is under way), stopped.
class Lifecycle {
public:
  /// Blocks SIGTERM and SIGINT in this thread and all that it starts, so that wait() alone takes
  /// them.
  Lifecycle(const Options &options, Status &status);
  /// Throws Error(Exit::failure) if there are no more threads to be had.
  void start(std::vector<std::unique_ptr<Loop>> loops, std::unique_ptr<Loop> admin);

  /// Until a signal came and the drain has ended. Returns the exit code: 0, or 128 + the second
  /// signal's number.
  int wait();

private:
  int next_signal(std::chrono::milliseconds most);
  int pass(std::chrono::milliseconds time, bool until_ended);
  void join();
  void enter(Phase phase);

  const Options &options_;
  Status &status_;
  std::vector<std::unique_ptr<Loop>> loops_;
  std::unique_ptr<Loop> admin_;
  std::vector<std::thread> threads_;
  std::shared_ptr<TempCheck>
      temp_check_; ///< shared with a thread of its own, which a disk that hangs may keep
};

} // namespace hello::server
