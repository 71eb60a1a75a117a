#pragma once
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

/// Work on files that may never end, as on a dead mount, on threads that can be left behind.
namespace hello::sys {

/// Time for the files that a start needs.
inline constexpr std::chrono::seconds kFileTimeout{3};

/// Runs `work` on a thread of its own, which must own all that it uses. Returns false if it has not
/// ended within `limit`: the thread is left behind. Throws std::system_error if it cannot be
/// started.
bool run_within(std::chrono::milliseconds limit, std::function<void()> work);

/// Looks at files again and again on a thread of its own. The thread shares ownership of this
/// object, since stop() does not wait for it longer than until a deadline.
class FileWork : public std::enable_shared_from_this<FileWork> {
public:
  using Clock = std::chrono::steady_clock;

  explicit FileWork(std::chrono::milliseconds interval) : interval_(interval) {}
  virtual ~FileWork() = default;
  FileWork(const FileWork &) = delete;

  void start(); ///< throws std::system_error if the thread cannot be started
  void look_now() noexcept;
  /// Asks the thread to end. No report() begins from then on.
  void request_stop() noexcept;
  /// Requests a stop, waits for a report() under way, and leaves a thread behind that has not ended
  /// at the deadline.
  void stop(Clock::time_point deadline) noexcept;

protected:
  /// Works on files. May hang, so it uses nothing but this object.
  virtual void look() = 0;
  /// Reports what look() found. May use what it was lent, and holds the lock: it must be short.
  virtual void report() = 0;
  /// For report(): waits. Returns false if a stop is requested meanwhile.
  bool pause(std::chrono::milliseconds time);

private:
  void run();

  const std::chrono::milliseconds interval_;
  std::mutex mutex_;
  std::condition_variable changed_;
  /// Under mutex_.
  bool stopping_ = false, done_ = false, waking_ = false, reporting_ = false;
  std::thread thread_;
};

} // namespace hello::sys
