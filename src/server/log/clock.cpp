#include "server/log/clock.h"

#include <ctime>

#include <fmt/format.h>

namespace hello::server {

std::chrono::nanoseconds Clock::current_offset() {
  using namespace std::chrono;
  const auto steady = duration_cast<nanoseconds>(steady_clock::now().time_since_epoch());
  return duration_cast<nanoseconds>(system_clock::now().time_since_epoch()) - steady;
}

bool Clock::at(std::chrono::steady_clock::time_point now) {
  using namespace std::chrono;
  const std::int64_t steady_ns = duration_cast<nanoseconds>(now.time_since_epoch()).count();
  if (steady_ns / 1'000'000'000 != synced_) {
    offset_ns_ = offset_().count();
    synced_ = steady_ns / 1'000'000'000;
  }
  const std::int64_t wall_ns = steady_ns + offset_ns_, second = wall_ns / 1'000'000'000;
  ms_ = static_cast<unsigned>(wall_ns / 1'000'000 % 1000);
  if (second == second_) return false;
  second_ = second;
  const auto time = static_cast<std::time_t>(second);
  std::tm t{};
  gmtime_r(&time, &t);
  static constexpr std::array kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = static_cast<std::size_t>(t.tm_wday), month = static_cast<std::size_t>(t.tm_mon);
  fmt::format_to_n(date_.data(), date_.size(), "{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
                   kDays[day], t.tm_mday, kMonths[month], t.tm_year + 1900, t.tm_hour, t.tm_min,
                   t.tm_sec);
  fmt::format_to_n(stamp_.data(), stamp_.size(), "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.",
                   t.tm_year + 1900, t.tm_mon + 1, t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec);
  return true;
}

std::string_view Clock::timestamp() {
  stamp_[20] = static_cast<char>('0' + ms_ / 100);
  stamp_[21] = static_cast<char>('0' + ms_ / 10 % 10);
  stamp_[22] = static_cast<char>('0' + ms_ % 10);
  stamp_[23] = 'Z';
  return {stamp_.data(), 24};
}

} // namespace hello::server
