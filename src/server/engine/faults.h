#pragma once
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "hello/drills.h"

namespace hello::server {

/// The faults that drills have made active. One thread changes them; every loop reads them at any
/// time.
class Faults {
public:
  using Fault = drills::Fault;

  bool any() const { return active_.load(std::memory_order_relaxed) != 0; }
  bool has(Fault fault) const {
    return (active_.load(std::memory_order_acquire) & bit(fault)) != 0;
  }
  // Of drills::Drill.
  std::int64_t amount(Fault fault) const { return values_[index(fault)].amount; }
  std::int64_t second(Fault fault) const { return values_[index(fault)].second; }

  void begin(const drills::Drill &drill) {
    values_[index(drill.fault)].amount = drill.amount;
    values_[index(drill.fault)].second = drill.second;
    active_.fetch_or(bit(drill.fault), std::memory_order_release);
  }
  void end(Fault fault) { active_.fetch_and(~bit(fault), std::memory_order_release); }

private:
  struct Values {
    std::atomic<std::int64_t> amount{0}, second{0};
  };
  static std::size_t index(Fault fault) { return static_cast<std::size_t>(fault); }
  static std::uint32_t bit(Fault fault) { return 1U << static_cast<unsigned>(fault); }

  std::atomic<std::uint32_t> active_{0};
  std::array<Values, drills::kFaults> values_;
};

/// Keeps the calling thread busy until it has used so much CPU time.
void spend_cpu(std::chrono::nanoseconds time);

} // namespace hello::server
