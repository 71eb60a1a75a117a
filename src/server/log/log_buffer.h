#pragma once
#include <cstddef>
#include <mutex>
#include <string>

namespace hello::server {

/// Whole lines on their way from one loop to the log's writer. Only these two share the lock; it is
/// held for a swap, never for a write, and the loop only tries it. The buffers are small and stay
/// in the caches.
class LogBuffer {
public:
  static constexpr std::size_t kBytes = 1 << 20; ///< limit of each of the two parts

  /// For the loop, which appends whole lines. If a line makes it longer than kBytes, the loop must
  /// remove that line again.
  std::string &pending() { return pending_; }

  /// For the loop: hands the pending lines over. False if there are none, the writer has not yet
  /// taken the previous ones and both are too long, or the writer holds the lock: the next call
  /// will do.
  bool try_hand_over() {
    if (pending_.empty()) return false;
    const std::unique_lock lock(mutex_, std::try_to_lock);
    return lock.owns_lock() && hand_over_locked();
  }

  /// The same, but waits for the lock.
  bool hand_over() {
    const std::lock_guard lock(mutex_);
    return !pending_.empty() && hand_over_locked();
  }

  /// For the writer: appends the lines that were handed over to `out`.
  void take(std::string &out) {
    const std::lock_guard lock(mutex_);
    if (out.empty())
      out.swap(ready_);
    else
      out += ready_;
    clear(ready_);
  }

  /// Gives the memory of a burst back.
  static void clear(std::string &text) {
    text.clear();
    if (text.capacity() > kBytes / 4) std::string().swap(text);
  }

  bool empty() {
    const std::lock_guard lock(mutex_);
    return ready_.empty();
  }

private:
  bool hand_over_locked() {
    if (ready_.size() + pending_.size() > kBytes) return false;
    if (ready_.empty())
      ready_.swap(pending_);
    else
      ready_ += pending_;
    clear(pending_);
    return true;
  }

  std::string pending_;
  std::mutex mutex_; ///< guards ready_
  std::string ready_;
};

} // namespace hello::server
