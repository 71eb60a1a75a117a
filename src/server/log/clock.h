#pragma once
#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace hello::server {

/// Wall time for one loop, formatted once a second: the hot path reads one steady clock and no
/// calendar.
class Clock {
public:
  /// Sets the time that the other functions return. Reads the wall clock at most once a second, so
  /// that a corrected clock shows. Returns true if the second has changed.
  bool at(std::chrono::steady_clock::time_point now);

  /// "Mon, 23 Nov 2026 04:00:00 GMT": RFC 9110 5.6.7
  std::string_view http_date() const { return {date_.data(), 29}; }
  /// "2026-11-23T04:00:00.123Z": RFC 3339
  void append_timestamp(std::string &out) const;

private:
  std::int64_t offset_ns_ = 0; ///< wall time minus steady time
  std::int64_t second_ = -1, synced_ = -1;
  unsigned ms_ = 0;
  std::array<char, 32> date_{}, stamp_{};
};

} // namespace hello::server
