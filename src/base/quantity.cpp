#include <algorithm>
#include <limits>

#include "hello/text.h"

namespace hello::text {
namespace {

constexpr __int128 kMost = static_cast<__int128>(1) << 126; // room for one more digit's sum

/// What a suffix multiplies by: 2^binary * 10^decimal.
struct Scale {
  int binary = 0, decimal = 0;
};

std::optional<Scale> scale_of(std::string_view suffix) {
  constexpr std::string_view kPrefixes = "numkMGTPE"; // of a thousand each; '.' is none
  if (suffix.empty()) return Scale{};
  const bool exponent = suffix[0] == 'e' || suffix[0] == 'E';
  if (exponent && suffix.size() > 1 && suffix != "Ei") {
    suffix.remove_prefix(suffix[1] == '+' ? 2 : 1);
    const auto power = integer(suffix, -1000, 1000);
    if (!power) return std::nullopt;
    return Scale{0, static_cast<int>(*power)};
  }
  if (suffix.size() == 2 && suffix[1] == 'i') {
    const std::size_t power = std::string_view("KMGTPE").find(suffix[0]);
    if (power == suffix.npos) return std::nullopt;
    return Scale{10 * static_cast<int>(power + 1), 0};
  }
  const std::size_t prefix = kPrefixes.find(suffix[0]);
  if (suffix.size() != 1 || prefix == suffix.npos) return std::nullopt;
  const int power = static_cast<int>(prefix) - 3; // n, u, m: -3, -2, -1; k, M, …: 1, 2, …
  return Scale{0, 3 * (power < 0 ? power : power + 1)};
}

/// `value` * `factor`, at most kMost.
__int128 times(__int128 value, int factor) {
  return value > kMost / factor ? kMost : value * factor;
}

} // namespace

std::optional<Quantity> Quantity::parse(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const std::size_t end = std::min(text.find_first_not_of("0123456789."), text.size());
  const std::string_view number = text.substr(0, end);
  const std::size_t point = std::min(number.find('.'), number.size());
  const std::size_t fraction = number.size() - std::min(point + 1, number.size());
  auto scale = scale_of(text.substr(end));
  if (!scale || number.find('.', point + 1) != number.npos || number == "." || number.empty())
    return std::nullopt;
  if (fraction > 1000) return std::nullopt;
  int decimal = scale->decimal + 9 - static_cast<int>(fraction);
  __int128 nano = 0;
  bool rest = false; // something was divided away
  for (const char c : number) {
    if (c == '.') continue;
    // Digits past what 128 bits hold: their place still counts, their value rounds up.
    if (nano > kMost / 100) {
      ++decimal;
      rest = rest || c != '0';
    } else {
      nano = nano * 10 + (c - '0');
    }
  }
  for (int i = 0; i < scale->binary; ++i) {
    if (decimal < 0 && nano > kMost / 2) {
      rest = rest || nano % 10 != 0;
      nano /= 10;
      ++decimal;
    }
    nano = times(nano, 2);
  }
  for (; decimal > 0 && nano > 0 && nano < kMost; --decimal) nano = times(nano, 10);
  for (; decimal < 0 && nano > 0; ++decimal) {
    rest = rest || nano % 10 != 0;
    nano /= 10;
  }
  if (rest && nano < kMost) ++nano;
  return Quantity(negative ? -nano : nano);
}

} // namespace hello::text
