#pragma once
#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Small work on text: lines, numbers, durations, quantities, UTF-8. The parsers take the whole
/// text or nothing, and know no locale. What returns a view borrows from its argument.
namespace hello::text {

// Lines and parts

/// Removes the first part of `rest` and the `separator` after it; returns the part. Without a
/// separator the part is all of `rest`.
std::string_view take(std::string_view &rest, char separator);

/// The parts between separators, empty ones included: "a||b" has three. An empty text has none.
std::vector<std::string_view> split(std::string_view text, char separator);

/// The parts between blanks, tabs and line ends; none is empty.
std::vector<std::string_view> words(std::string_view text);

/// The lines without their ends ("\n", "\r\n"). A final line end begins no further line.
std::vector<std::string_view> lines(std::string_view text);

/// The first line without its end; empty for an empty text.
std::string_view first_line(std::string_view text);

std::string join(std::span<const std::string> parts, std::string_view separator);
std::string join(std::span<const std::string_view> parts, std::string_view separator);

/// "a, b or c" of "a|b|c", for messages.
std::string alternatives(std::string_view choices);

/// Without blanks, tabs and line ends on both sides.
std::string_view trimmed(std::string_view text);

/// ASCII letters only; other bytes stay.
std::string lower(std::string_view text);
std::string upper(std::string_view text);

// Numbers

/// Decimal, with an optional '-'. None if it is no number or not between `min` and `max`.
std::optional<std::int64_t> integer(std::string_view text, std::int64_t min = INT64_MIN,
                                    std::int64_t max = INT64_MAX);

/// Whether there is at least one character, and all are '0' to '9'.
bool is_digits(std::string_view text);

/// "250ms", "30s", "5m", "1h30m", "7d": whole numbers with units, in any order; "0" needs none. At
/// most a century.
std::optional<std::chrono::milliseconds> duration(std::string_view text);

/// duration(), and a number without a unit means seconds. None if it is not whole seconds.
std::optional<std::chrono::seconds> seconds(std::string_view text);

/// An amount as Kubernetes reads it: "100m", "0.5", "64Mi", "1e3". Kept in units of 10^-9, rounded
/// away from zero as the API server rounds, so comparisons are exact. Amounts beyond 10^29 are
/// equal to each other.
/// Source: k8s.io/apimachinery/pkg/api/resource/quantity.go
class Quantity {
public:
  static std::optional<Quantity> parse(std::string_view text);

  /// For display and ratios only.
  double value() const { return static_cast<double>(nano_) * 1e-9; }
  bool is_whole() const { return nano_ % 1'000'000'000 == 0; }
  bool is_negative() const { return nano_ < 0; }
  auto operator<=>(const Quantity &) const = default; // NOLINT(modernize-use-nullptr): false alarm

private:
  explicit Quantity(__int128 nano) : nano_(nano) {}
  __int128 nano_ = 0;
};

// UTF-8 (RFC 3629)

/// Length of the valid sequence that `text` begins with (1 to 4), or 0.
std::size_t utf8_length(std::string_view text);

/// Offset of the first byte that is not UTF-8, or npos.
std::size_t invalid_utf8(std::string_view text);

/// Next code point of valid UTF-8 at `i`, which moves past it.
char32_t next_code_point(std::string_view text, std::size_t &i);

/// The beginning of valid UTF-8, at most `bytes` bytes, not cut within a character.
std::string_view cut(std::string_view text, std::size_t bytes);

/// cut(), with "…" behind it where something was cut off.
std::string shortened(std::string_view text, std::size_t bytes);

/// A message without the greater part of long values: a word, or a text in single quotes, of more
/// than 300 bytes becomes "'the beginning…' (100000 bytes)". Mask secrets first: half of one would
/// be shown.
std::string abridged(std::string_view message);

/// Columns that a text takes on a terminal: East Asian wide characters and emoji two, combining
/// marks none, broken bytes one each. Source: Unicode Standard Annex 11
std::size_t width(std::string_view text);

/// The beginning of a text that fits into so many terminal columns.
std::string_view fitted(std::string_view text, std::size_t columns);

/// Valid UTF-8: each broken sequence becomes U+FFFD.
std::string valid_utf8(std::string_view text);

/// valid_utf8() without what a terminal obeys: control characters (C0, DEL, C1) but for tab and
/// newline, and the controls of writing direction, become U+FFFD.
std::string printable(std::string_view text);

// Times and URLs

/// RFC 3339 in UTC: "2026-11-23T08:30:00Z".
std::string utc(std::time_t time);

/// For one part of a path or query: all but RFC 3986's unreserved characters become %XX.
std::string percent_encoded(std::string_view text);

} // namespace hello::text
