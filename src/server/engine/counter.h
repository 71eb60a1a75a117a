#pragma once
#include <atomic>
#include <cstdint>

namespace hello::server {

/// Only one thread writes it, and others read it at any time: plain loads and stores suffice.
class Counter {
public:
  void add(std::uint64_t n = 1) { value_.store(get() + n, std::memory_order_relaxed); }
  std::uint64_t get() const { return value_.load(std::memory_order_relaxed); }

private:
  std::atomic<std::uint64_t> value_{0};
};

} // namespace hello::server
