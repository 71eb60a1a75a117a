#pragma once
#include <chrono>
#include <thread>

namespace hello::tests {

/// Waits until `condition()` is true; false if that takes longer than a busy machine could need.
template <typename Condition>
bool eventually(Condition condition, std::chrono::seconds limit = std::chrono::seconds(60)) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

} // namespace hello::tests
