#pragma once
#include <memory>
#include <string>
#include <thread>

#include "hello/server.h"
#include "server/engine/loop.h"
#include "server/process/drill_runner.h"

namespace hello::server {

/// All of --drills: the faults, their times, and the listener on which they are asked for, with a
/// thread of its own.
class DrillPort {
public:
  /// Opens the listener, so call it before the sandbox closes. Throws Error(Exit::usage) if its
  /// address is not a loopback address, Error(Exit::failure) if it cannot listen. `status` and
  /// `budget` are borrowed.
  DrillPort(const Options &options, Status &status, Budget &budget);
  ~DrillPort();

  /// Starts the threads, which inherit the sandbox, and the times of the schedule.
  void start();

private:
  const std::string key_;
  const bool has_own_key_;
  sys::Address address_;
  DrillRunner runner_;
  std::unique_ptr<Handler> handler_;
  LoopStatus status_;
  LoopGroup group_;
  std::unique_ptr<Loop> loop_;
  std::thread thread_;
};

} // namespace hello::server
