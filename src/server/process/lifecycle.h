#pragma once
#include <csignal>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "hello/server.h"
#include "server/engine/loop.h"

namespace hello::server {

/// Owns the threads of the loops and leads them through the phases of the service: starting, ready,
/// draining (still serving, reported as not ready), closing (finishing requests in flight),
/// stopped.
class Lifecycle {
public:
  /// Blocks the signals of wait() in this thread and in those that it starts, so that only wait()
  /// receives them. SIGHUP that is ignored now, as under nohup, stays ignored.
  Lifecycle(const Options &options, Status &status);
  /// Throws Error(Exit::failure) if a thread cannot be started.
  void start(std::vector<std::unique_ptr<Loop>> loops, std::unique_ptr<Loop> admin);

  /// Waits for a signal, then drains. Returns the exit code: 0, or 128 + the number of a second
  /// signal, which ends the drain at once. SIGQUIT, and SIGINT with a terminal on stdin, end
  /// without a drain: 131 and 130; SIGHUP because that terminal is gone counts as SIGINT.
  /// `refresh` is called with any other SIGHUP, and with SIGUSR1.
  int wait(const std::function<void(int signal)> &refresh);

private:
  sigset_t signals() const;
  bool refreshed_by(int number);
  int wait_for_signal(std::chrono::milliseconds time);
  int wait_for_loops(std::chrono::milliseconds time);
  int stop_at_once(int number);
  void join();
  void enter(Phase phase);

  const Options &options_;
  Status &status_;
  const bool has_terminal_; ///< on stdin
  bool hangup_counts_;      ///< SIGHUP was not ignored at the start
  std::function<void(int signal)> refresh_;
  std::vector<std::unique_ptr<Loop>> loops_;
  std::unique_ptr<Loop> admin_;
  std::vector<std::thread> threads_;
};

} // namespace hello::server
