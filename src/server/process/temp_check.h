#pragma once
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "server/engine/status.h"

namespace hello::server {

/// Looks now and then whether the temp directory can be written, and tells Status. On a thread of
/// its own, for a disk that hangs must keep neither a signal nor the end waiting.
class TempCheck : public std::enable_shared_from_this<TempCheck> {
public:
  /// Looks once. `status` is borrowed until stop().
  TempCheck(std::string directory, Status &status);
  void start(); ///< throws std::system_error where there is no thread
  void stop(); ///< a thread that does not come back is left to itself: it owns a share of this, and
               ///< touches no more

private:
  int look() const;
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
