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

/// Writes log lines to a descriptor (standard output) or a bounded file, on a thread of its own. If
/// the write blocks (a pipe without a reader), the buffers fill up and further lines are dropped;
/// no loop ever waits.
class LogSink {
public:
  /// An open descriptor, borrowed. It is not made non-blocking, because other processes may share
  /// its description.
  explicit LogSink(int descriptor);
  /// Appends whole lines to a file. When it has reached half of `limit_bytes`, it is renamed to
  /// PATH.1 (replacing an older one), and a new PATH begins. Throws Error(Exit::failure) if the
  /// file cannot be opened.
  explicit LogSink(std::string path, std::size_t limit_bytes = kFileBytes);
  ~LogSink();
  static constexpr std::size_t kFileBytes = 16 << 20;

  /// Adds a buffer for one loop, before start(). It lives as long as the sink.
  LogBuffer &add_buffer();
  void start();
  /// Called on the loop's thread after lines were handed over. Costs one atomic exchange while the
  /// writer is awake.
  void wake();
  /// Called when the loops have ended: writes the remaining lines and ends the thread, which is
  /// left behind if it is still blocked after `patience`.
  void stop(std::chrono::milliseconds patience);

  /// The number of lines that could not be written.
  std::uint64_t dropped() const;

private:
  struct Work; ///< shared with the thread, which may outlive the sink
  std::shared_ptr<Work> work_;
  std::thread thread_;
};

} // namespace hello::server
