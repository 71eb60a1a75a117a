#include "hello/base64.h"

#include <cstdint>

namespace hello {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

} // namespace

std::string base64(std::string_view bytes) {
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t three = 0;
    for (std::size_t k = i; k < i + 3; ++k)
      three = three << 8 | (k < bytes.size() ? static_cast<std::uint8_t>(bytes[k]) : 0U);
    for (int shift = 18; shift >= 0; shift -= 6) out += kAlphabet[three >> shift & 63];
  }
  const std::size_t padding = (3 - bytes.size() % 3) % 3;
  return out.replace(out.size() - padding, padding, padding, '=');
}

std::optional<std::string> from_base64(std::string_view text) {
  std::string out;
  std::uint32_t bits = 0;
  std::size_t digits = 0, padding = 0;
  for (const char c : text) {
    if (c == '\n' || c == '\r') continue;
    const std::size_t digit = c == '=' ? 0 : kAlphabet.find(c);
    if (digit == kAlphabet.npos || (padding > 0 && c != '=')) return std::nullopt;
    padding += c == '=';
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    if (++digits % 4 == 0)
      for (int shift = 16; shift >= 0; shift -= 8) out += static_cast<char>(bits >> shift & 255);
  }
  if (digits % 4 != 0 || padding > 2) return std::nullopt;
  out.resize(out.size() - padding);
  return out;
}

} // namespace hello
