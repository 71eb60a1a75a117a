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

/// `value` * 10^`decimal`.
struct Number {
  __int128 value = 0;
  int decimal = 0;
  bool inexact = false; ///< something greater than 0 was cut off

  void drop_digit() {
    inexact = inexact || value % 10 != 0;
    value /= 10;
    ++decimal;
  }
};

/// Of digits with at most one point among them.
std::optional<Number> number_of(std::string_view text) {
  Number number;
  bool is_fraction = false, has_digits = false;
  for (const char c : text) {
    if (c == '.') {
      if (is_fraction) return std::nullopt;
      is_fraction = true;
      continue;
    }
    has_digits = true;
    if (is_fraction) --number.decimal;
    // Digits past what 128 bits hold: their place still counts, their value rounds up.
    if (number.value > kMost / 100) {
      ++number.decimal;
      number.inexact = number.inexact || c != '0';
    } else {
      number.value = number.value * 10 + (c - '0');
    }
  }
  if (!has_digits) return std::nullopt;
  return number;
}

/// In units of 10^-9, rounded up, at most kMost.
__int128 nano_of(Number number, const Scale &scale) {
  number.decimal += scale.decimal + 9;
  for (int i = 0; i < scale.binary; ++i) {
    if (number.decimal < 0 && number.value > kMost / 2) number.drop_digit();
    number.value = times(number.value, 2);
  }
  for (; number.decimal > 0 && number.value > 0 && number.value < kMost; --number.decimal)
    number.value = times(number.value, 10);
  while (number.decimal < 0 && number.value > 0) number.drop_digit();
  return number.value + (number.inexact && number.value < kMost ? 1 : 0);
}

} // namespace

std::optional<Quantity> Quantity::parse(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const std::size_t end = std::min(text.find_first_not_of("0123456789."), text.size());
  const auto number = number_of(text.substr(0, end));
  const auto scale = scale_of(text.substr(end));
  if (!number || !scale) return std::nullopt;
  const __int128 nano = nano_of(*number, *scale);
  return Quantity(negative ? -nano : nano);
}

} // namespace hello::text
