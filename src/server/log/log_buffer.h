#pragma once
#include <cstddef>
#include <mutex>
#include <string>

namespace hello::server {

/// Whole lines on their way from one loop to the log's writer. The lock is between those two alone
/// and held for a swap, never for a write; the loop only tries it. What goes round is small and
/// stays in the caches.
class LogBuffer {
public:
  static constexpr std::size_t kBytes = 1 << 20; ///< bound of each of the two parts

  /// The loop's: lines are made at its end, whole; past kBytes the loop takes back what it added.
  std::string &pending() { return pending_; }

  /// The loop's: hands over what is pending. False where there is nothing, or no room before the
  /// writer comes, or the writer is there just now, unless we `wait` for it: the next time will do.
  bool hand_over(bool wait = false) {
    if (pending_.empty()) return false;
    std::unique_lock lock(mutex_, std::defer_lock);
    if (wait)
      lock.lock();
    else if (!lock.try_lock())
      return false;
    if (ready_.size() + pending_.size() > kBytes) return false;
    if (ready_.empty())
      ready_.swap(pending_);
    else
      ready_ += pending_;
    clear(pending_);
    return true;
  }

  /// The writer's: moves what was handed over to the end of `out`.
  void take(std::string &out) {
    const std::lock_guard lock(mutex_);
    if (out.empty())
      out.swap(ready_);
    else
      out += ready_;
    clear(ready_);
  }

  /// A burst's memory is given back.
  static void clear(std::string &text) {
    text.clear();
    if (text.capacity() > kBytes / 4) std::string().swap(text);
  }

  bool empty() {
    const std::lock_guard lock(mutex_);
    return ready_.empty();
  }

private:
  std::string pending_;
  std::mutex mutex_; ///< guards ready_
  std::string ready_;
};

} // namespace hello::server
