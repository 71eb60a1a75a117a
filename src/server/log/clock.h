#pragma once
#include <array>
#include <chrono>
#include <cstdint>
#include <string_view>

namespace hello::server {

/// The wall time of one loop, formatted once a second: a request costs the reading of a steady
/// clock, and no calendar.
class Clock {
public:
  /// Reads both clocks; returns wall time minus steady time.
  using Offset = std::chrono::nanoseconds (*)();
  static std::chrono::nanoseconds current_offset();

  /// `offset` is for tests.
  explicit Clock(Offset offset = current_offset) : offset_(offset) {}

  /// Sets the time that the other functions return; true if its second differs from the last one.
  /// Reads the wall clock once a second, so that corrections of the clock take effect.
  bool at(std::chrono::steady_clock::time_point now);

  /// "Mon, 23 Nov 2026 04:00:00 GMT": RFC 9110 5.6.7
  std::string_view http_date() const { return {date_.data(), 29}; }
  /// "2026-11-23T04:00:00.123Z": RFC 3339. The view is valid until the next call.
  std::string_view timestamp();

private:
  Offset offset_;
  std::int64_t offset_ns_ = 0; ///< as last read
  std::int64_t second_ = -1;   ///< of wall time, as formatted
  std::int64_t synced_ = -1;   ///< the second of steady time in which the wall clock was read
  unsigned ms_ = 0;
  std::array<char, 32> date_{}, stamp_{};
};

} // namespace hello::server
