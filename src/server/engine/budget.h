#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>

/// What the process may keep in memory for its clients, in hello and in the kernel.
namespace hello::server {

/// What one idle connection costs: hello's struct, and the kernel's socket, inode, file and watch.
inline constexpr std::size_t kIdlePrice = 5 << 10;
/// Sizes of the kernel's buffers of each connection, which it doubles for its own use. Source:
/// socket(7), SO_SNDBUF and SO_RCVBUF.
inline constexpr int kSendBufferBytes = 64 << 10, kReceiveBufferBytes = 16 << 10;
/// What a connection can hold in the kernel while it is written to: both buffers, full.
inline constexpr std::size_t kWritingPrice = 2 * (kSendBufferBytes + kReceiveBufferBytes);

/// The memory that the connections and the versions of the page may take together. Any thread may
/// use it.
class Budget {
public:
  explicit Budget(std::size_t limit_bytes) : limit_bytes_(limit_bytes) {}

  std::size_t limit_bytes() const { return limit_bytes_; }
  std::size_t charged_bytes() const {
    return connections_.load(std::memory_order_relaxed) + pages_.load(std::memory_order_relaxed);
  }
  /// Whether one more connection can be written to.
  bool has_room() const { return charged_bytes() + kIdlePrice + kWritingPrice <= limit_bytes_; }
  bool is_exceeded() const { return charged_bytes() > limit_bytes_; }
  /// What the connections may take beside the versions of the page.
  std::size_t for_connections() const {
    const std::size_t pages = pages_.load(std::memory_order_relaxed);
    return limit_bytes_ > pages ? limit_bytes_ - pages : 0;
  }

  /// The versions of the page may take half of the budget together.
  bool has_room_for_page(std::size_t bytes) const {
    return pages_.load(std::memory_order_relaxed) + bytes <= limit_bytes_ / 2;
  }

  /// Adds `bytes`, which may be negative.
  void charge_connections(std::ptrdiff_t bytes) {
    connections_.fetch_add(static_cast<std::size_t>(bytes), std::memory_order_relaxed);
  }
  void charge_pages(std::ptrdiff_t bytes) {
    pages_.fetch_add(static_cast<std::size_t>(bytes), std::memory_order_relaxed);
  }

private:
  const std::size_t limit_bytes_;
  std::atomic<std::size_t> connections_{0}, pages_{0};
};

} // namespace hello::server
