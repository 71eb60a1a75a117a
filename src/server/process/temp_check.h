#pragma once
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "server/engine/status.h"

namespace hello::server {

/// Checks every few seconds whether the temp directory is writable, and reports it to Status. Has a
/// thread of its own: a disk that hangs must delay neither a signal nor the end of the process.
class TempCheck : public std::enable_shared_from_this<TempCheck> {
public:
  /// Checks once. `status` is borrowed until stop().
  TempCheck(std::string directory, Status &status);
  void start(); ///< throws std::system_error if the thread cannot be started
  /// A thread that hangs is left behind: it shares ownership of this object, and no longer uses
  /// `status`.
  void stop();

private:
  int check() const;
  void report(int error);
  void run();

  const std::string directory_;
  Status &status_; ///< not touched once stopping_
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false, done_ = false; ///< under mutex_
  std::thread thread_;
};

} // namespace hello::server
