#pragma once
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "server/log/log_buffer.h"

namespace hello::server {

/// Where log lines go: a descriptor (standard output), or a bounded file. One thread writes; if it
/// is stopped (a pipe that nobody reads), lines pile up in the buffers and are dropped there, and
/// no loop ever waits.
class LogSink {
public:
  /// An open descriptor, borrowed; never made non-blocking, as others may share what it stands for.
  explicit LogSink(int descriptor);
  /// A file to append to, with whole lines alone: past half of `limit_bytes` it becomes PATH.1
  /// (replacing an older one) and a new PATH begins, after which nothing more goes to PATH.1.
  /// Throws Error(Exit::failure) where it cannot be opened.
  explicit LogSink(std::string path, std::size_t limit_bytes = kFileBytes);
  ~LogSink();
  static constexpr std::size_t kFileBytes = 16 << 20;

  /// One more loop's; before start(). Lives as long as the sink.
  LogBuffer &add_buffer();
  void start();
  /// After lines were handed over, on the loop's thread: costs an atomic load while the writer is
  /// awake.
  void wake();
  /// When the loops have ended: writes what is there and ends the thread; one that is stuck for
  /// `patience` is left behind.
  void stop(std::chrono::milliseconds patience);

  /// Lines that were taken from a buffer and could not be written.
  std::uint64_t dropped() const;

private:
  struct Work; ///< shared with the thread, which may outlive us
  std::shared_ptr<Work> work_;
  std::thread thread_;
};

} // namespace hello::server
