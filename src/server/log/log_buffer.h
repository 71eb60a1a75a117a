#pragma once
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>

namespace hello::server {

/// Complete lines on their way from one loop to the log's writer. Only these two share the lock; it
/// is held for a swap, never for a write, and the loop never waits for it.
class LogBuffer {
public:
  static constexpr std::size_t kBytes = 1 << 20; ///< limit of the pending and of the ready lines

  /// For the loop, which appends complete lines. If a line makes it longer than kBytes, the loop
  /// must remove that line.
  std::string &pending() { return pending_; }

  /// For the loop: makes the pending lines available to the writer. False if there are none, if the
  /// writer has not yet taken the previous ones and both together are too long, or if the writer
  /// holds the lock. The lines stay pending until the next call.
  bool try_hand_over() {
    if (pending_.empty()) return false;
    const std::unique_lock lock(mutex_, std::try_to_lock);
    return lock.owns_lock() && hand_over_locked();
  }

  /// Like try_hand_over(), but waits for the lock.
  bool hand_over() {
    const std::lock_guard lock(mutex_);
    return !pending_.empty() && hand_over_locked();
  }

  /// For the writer: moves the available lines to the end of `out`.
  void take(std::string &out) {
    const std::lock_guard lock(mutex_);
    if (out.empty())
      out.swap(ready_);
    else
      out += ready_;
    clear(ready_);
  }

  /// For the loop: counts a line for which there was no room.
  void count_lost() { lost_.store(lost() + 1, std::memory_order_relaxed); }
  std::uint64_t lost() const { return lost_.load(std::memory_order_relaxed); }

  /// Counts all lines as lost that the writer has not taken. For the end, when the loop is over and
  /// the writer stands still.
  void give_up() {
    const std::lock_guard lock(mutex_);
    for (std::string *text : {&ready_, &pending_}) {
      const auto lines = std::count(text->begin(), text->end(), '\n');
      lost_.store(lost() + static_cast<std::uint64_t>(lines), std::memory_order_relaxed);
      text->clear();
    }
  }

  /// Clears `text`, and frees its memory if a burst has made it large.
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
  std::atomic<std::uint64_t> lost_{0};
  std::mutex mutex_; ///< guards ready_
  std::string ready_;
};

} // namespace hello::server
