#pragma once
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace hello::server {

/// Whole lines on their way from one loop to the log's writer: one thread pushes, one takes, nobody waits.
/// Its memory is touched as it is used, so a quiet loop's costs nothing.
class LogRing {
public:
  static constexpr std::size_t kBytes = 1 << 20;

  /// False where the whole line finds no room. The pushing thread's.
  bool push(std::string_view line) {
    const std::size_t tail = tail_.load(std::memory_order_relaxed);
    if (kBytes - (tail - seen_head_) < line.size()) {
      seen_head_ = head_.load(std::memory_order_acquire);
      if (kBytes - (tail - seen_head_) < line.size()) return false;
    }
    const std::size_t at = tail % kBytes, first = std::min(line.size(), kBytes - at);
    line.copy(bytes_.get() + at, first);
    line.substr(first).copy(bytes_.get(), line.size() - first);
    tail_.store(tail + line.size(), std::memory_order_release);
    return true;
  }

  /// Moves all there is to the end of `out`. The writer's.
  void take(std::string &out) {
    const std::size_t head = head_.load(std::memory_order_relaxed), tail = tail_.load(std::memory_order_acquire);
    const std::size_t at = head % kBytes, size = tail - head, first = std::min(size, kBytes - at);
    out.append(bytes_.get() + at, first).append(bytes_.get(), size - first);
    head_.store(tail, std::memory_order_release);
  }

  bool empty() const { return tail_.load(std::memory_order_acquire) == head_.load(std::memory_order_acquire); }

private:
  std::unique_ptr<char[]> bytes_{new char[kBytes]}; // not make_unique: that would write, and so occupy, all of it
  alignas(64) std::atomic<std::size_t> tail_{0};
  std::size_t seen_head_ = 0; ///< the pusher's last look at head_
  alignas(64) std::atomic<std::size_t> head_{0};
};

} // namespace hello::server
