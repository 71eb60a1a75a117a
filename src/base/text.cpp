#include "hello/text.h"

#include <algorithm>
#include <charconv>

namespace hello::text {
namespace {

constexpr std::string_view kDigits = "0123456789", kBlank = " \t\r\n";

template <class Part> std::string joined(std::span<const Part> parts, std::string_view separator) {
  std::string out;
  for (const Part &part : parts) {
    if (&part != parts.data()) out += separator;
    out += part;
  }
  return out;
}

/// Milliseconds; 0 for no unit.
std::int64_t scale_of(std::string_view unit) {
  if (unit == "ms") return 1;
  if (unit == "s") return 1000;
  if (unit == "m") return 60'000;
  if (unit == "h") return 3'600'000;
  if (unit == "d") return 86'400'000;
  return 0;
}

} // namespace

std::string_view take(std::string_view &rest, char separator) {
  const std::size_t end = std::min(rest.find(separator), rest.size());
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return part;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  if (text.empty()) return parts;
  const bool open = text.back() == separator; // an empty part follows the last separator
  while (!text.empty()) parts.push_back(take(text, separator));
  if (open) parts.emplace_back();
  return parts;
}

std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> all;
  for (text = trimmed(text); !text.empty(); text = trimmed(text)) {
    all.push_back(text.substr(0, text.find_first_of(kBlank)));
    text.remove_prefix(all.back().size());
  }
  return all;
}

std::vector<std::string_view> lines(std::string_view text) {
  std::vector<std::string_view> all;
  while (!text.empty()) {
    all.push_back(first_line(text));
    take(text, '\n');
  }
  return all;
}

std::string_view first_line(std::string_view text) {
  const std::size_t end = text.find('\n');
  std::string_view line = text.substr(0, end);
  if (end != text.npos && line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

std::string alternatives(std::string_view choices) {
  std::string out;
  while (!choices.empty()) {
    const std::string_view choice = take(choices, '|');
    if (!out.empty()) out += choices.empty() ? " or " : ", ";
    out += choice;
  }
  return out;
}

std::string join(std::span<const std::string> parts, std::string_view separator) {
  return joined(parts, separator);
}
std::string join(std::span<const std::string_view> parts, std::string_view separator) {
  return joined(parts, separator);
}

std::string_view trimmed(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(kBlank), text.size()));
  return text.substr(0, text.find_last_not_of(kBlank) + 1);
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char &c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  return out;
}

std::string upper(std::string_view text) {
  std::string out(text);
  for (char &c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - ('a' - 'A'));
  return out;
}

std::optional<std::int64_t> integer(std::string_view text, std::int64_t min, std::int64_t max) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  if (value < min || value > max) return std::nullopt;
  return value;
}

bool is_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of(kDigits) == text.npos;
}

std::optional<std::chrono::milliseconds> duration(std::string_view text) {
  constexpr std::int64_t kCentury = 3'155'760'000'000;
  if (text == "0") return std::chrono::milliseconds(0);
  if (text.empty()) return std::nullopt;
  std::int64_t total = 0;
  while (!text.empty()) {
    const std::size_t digits = std::min(text.find_first_not_of(kDigits), text.size());
    const auto number = integer(text.substr(0, digits));
    text.remove_prefix(digits);
    const std::string_view unit = text.substr(0, text.find_first_of(kDigits));
    text.remove_prefix(unit.size());
    const std::int64_t scale = scale_of(unit);
    if (!number || scale == 0 || *number > kCentury / scale) return std::nullopt;
    total += *number * scale;
    if (total > kCentury) return std::nullopt;
  }
  return std::chrono::milliseconds(total);
}

std::optional<std::chrono::seconds> seconds(std::string_view text) {
  const auto time = is_digits(text) ? duration(std::string(text) + "s") : duration(text);
  if (!time || time->count() % 1000 != 0) return std::nullopt;
  return std::chrono::duration_cast<std::chrono::seconds>(*time);
}

std::string utc(std::time_t time) {
  std::tm parts{};
  char text[sizeof "2026-11-23T08:30:00Z"];
  ::gmtime_r(&time, &parts);
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

std::string percent_encoded(std::string_view text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const auto byte = static_cast<unsigned char>(c);
    if (letter || (c >= '0' && c <= '9') || std::string_view("-._~").find(c) != std::string::npos)
      out += c;
    else
      ((out += '%') += kHex[byte >> 4]) += kHex[byte & 15];
  }
  return out;
}

} // namespace hello::text
