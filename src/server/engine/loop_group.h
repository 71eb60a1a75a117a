#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "server/engine/budget.h"

namespace hello::server {

class Loop;

/// When connections make room for those that wait to be accepted. See evict.cpp for the order.
struct Admission {
  /// How long a connection may be without a complete request, and for how long a body or a response
  /// may move less than 16 KiB. It shrinks to `least_grace` as more connections wait, and the
  /// longer they do.
  std::chrono::milliseconds grace{1000}, least_grace{100};
  /// How long a connection may be idle between requests; the second one counts once others have
  /// waited for as long, so that none waits for 5 seconds.
  std::chrono::milliseconds idle{5000}, least_idle{2000};
  /// After one of them, a busy connection is asked to close.
  std::chrono::milliseconds turn{100};
  unsigned turn_requests = 100;
};

/// The loops that serve one address, and the limits that they share. Outlives the loops.
struct LoopGroup {
  std::size_t max_connections = 0; ///< at least one for each loop, which has a fixed share of them
  Budget *budget = nullptr;        ///< borrowed
  Admission admission{};
  std::vector<Loop *> loops{}; ///< each Loop adds itself when constructed; complete before any runs

  /// Makes all loops close the connections that still send an older version of the page.
  void drop_versions_before(std::uint64_t version);
};

} // namespace hello::server
