#pragma once
#include <atomic>
#include <cstddef>
#include <vector>

namespace hello::server {

class Loop;

/// The loops that serve one address, and the limits that they share. Outlives the loops.
struct LoopGroup {
  std::size_t max_connections = 0;
  std::atomic<std::size_t> connections{0};
  /// Limit of what all connections buffer. Beyond it, a loop that holds more than its share closes
  /// those of its connections that are nearest their deadline.
  std::size_t max_buffered_bytes = 64 << 20;
  std::atomic<std::size_t> buffered_bytes{0};
  std::vector<Loop *> loops{}; ///< each Loop adds itself when constructed; complete before any runs
};

} // namespace hello::server
