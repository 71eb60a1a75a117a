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

/// Writes log lines to a descriptor (standard output) or to a bounded file, on a thread of its own.
/// If the write blocks (a pipe without a reader), the buffers fill up and further lines are
/// dropped; the loops never wait.
class LogSink {
public:
  /// Writes to an open descriptor, which is borrowed. It is not made non-blocking, because that
  /// would change it for the other processes that share it.
  explicit LogSink(int descriptor);
  /// Appends complete lines to a file. When it has reached half of `limit_bytes`, it is renamed to
  /// PATH.1 (replacing an older one), and a new PATH is begun. Throws Error(Exit::failure) if the
  /// file cannot be opened.
  explicit LogSink(std::string path, std::size_t limit_bytes = kFileBytes);
  ~LogSink();
  static constexpr std::size_t kFileBytes = 16 << 20;

  /// Adds a buffer for one loop, before start(). It lives as long as the sink.
  LogBuffer &add_buffer();
  void start();
  /// Wakes the writer if it sleeps. Call it on the loop's thread after lines were handed over.
  /// Costs one atomic exchange while the writer is awake.
  void wake();
  /// Opens the file of this path again, for those who have renamed it; does nothing for a
  /// descriptor. If that fails, the open one stays. Any thread.
  void reopen();
  /// Writes the remaining lines and ends the thread; call it when the loops have ended. A thread
  /// that is still blocked after `timeout` is left behind.
  void stop(std::chrono::milliseconds timeout);

  /// The number of lines that were lost: for which there was no room, or that could not be written.
  std::uint64_t dropped() const;

private:
  struct Writer; ///< shared with the thread, which may outlive the sink
  std::shared_ptr<Writer> writer_;
  std::thread thread_;
};

} // namespace hello::server
