#include "server/http/escape.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace hello::server {

std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const auto tail = [&](std::size_t i) { return (byte(i) & 0xC0) == 0x80; };
  const unsigned a = byte(0), b = byte(1);
  if (text.empty()) return 0;
  if (a < 0x80) return 1;
  if (a >= 0xC2 && a <= 0xDF) return tail(1) ? 2 : 0;
  if (a >= 0xE0 && a <= 0xEF) {
    if (!tail(1) || !tail(2) || (a == 0xE0 && b < 0xA0) || (a == 0xED && b > 0x9F))
      return 0; // overlong, surrogates
    return 3;
  }
  if (a >= 0xF0 && a <= 0xF4) {
    if (!tail(1) || !tail(2) || !tail(3) || (a == 0xF0 && b < 0x90) || (a == 0xF4 && b > 0x8F))
      return 0;
    return 4;
  }
  return 0;
}

std::size_t utf8_error(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size()) {
    const std::size_t n = utf8_length(text.substr(i));
    if (n == 0) return i;
    i += n;
  }
  return std::string_view::npos;
}

namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
constexpr std::array<bool, 256> kPlain = [] { // bytes that mean themselves in JSON
  std::array<bool, 256> plain{};
  for (std::size_t c = 0x20; c < 0x7F; ++c) plain[c] = c != '"' && c != '\\';
  return plain;
}();

/// Skips one broken sequence: the byte that cannot be, and what can only be its tail.
std::size_t broken_length(std::string_view text) {
  std::size_t n = 1;
  while (n < 4 && n < text.size() && (static_cast<unsigned char>(text[n]) & 0xC0) == 0x80) ++n;
  return n;
}

void append_unicode(std::string &out, unsigned code) {
  static constexpr char kHex[] = "0123456789abcdef";
  for (const char c : {'\\', 'u', kHex[code >> 12 & 15], kHex[code >> 8 & 15], kHex[code >> 4 & 15],
                       kHex[code & 15]})
    out += c;
}

} // namespace

void append_json(std::string &out, std::string_view text) {
  std::size_t i = 0;
  while (i < text.size()) {
    std::size_t end = i; // a run of plain bytes goes at once: nearly always the whole
    while (end < text.size() && kPlain[static_cast<unsigned char>(text[end])]) ++end;
    out.append(text, i, end - i);
    if ((i = end) == text.size()) return;
    const auto c = static_cast<unsigned char>(text[i]);
    const std::size_t n = utf8_length(text.substr(i));
    if (n == 0) {
      out += kReplacement;
      i += broken_length(text.substr(i));
      continue;
    }
    if (c == '"' || c == '\\')
      (out += '\\') += text[i];
    else if (c == '\n')
      out += "\\n";
    else if (c == '\t')
      out += "\\t";
    else if (c == '\r')
      out += "\\r";
    else if (n == 1)
      append_unicode(out, c);
    else if (c == 0xC2 && static_cast<unsigned char>(text[i + 1]) < 0xA0)
      append_unicode(out,
                     static_cast<unsigned char>(text[i + 1])); // C1: 8-bit terminal controls, NEL
    else if (text.substr(i, 3) == "\xE2\x80\xA8")
      out += "\\u2028";
    else if (text.substr(i, 3) == "\xE2\x80\xA9")
      out += "\\u2029";
    else
      out.append(text, i, n);
    i += n;
  }
}

void append_html(std::string &out, std::string_view text) {
  std::size_t i = 0;
  while (i < text.size()) {
    const std::size_t n = utf8_length(text.substr(i));
    switch (text[i]) {
    case '&': out += "&amp;"; break;
    case '<': out += "&lt;"; break;
    case '>': out += "&gt;"; break;
    case '"': out += "&quot;"; break;
    case '\'': out += "&#39;"; break;
    default:
      // HTML allows no controls but tab and line ends (U+0000 least of all): show that something
      // was there.
      if (n == 0 ||
          (n == 1 && static_cast<unsigned char>(text[i]) < 0x20 && text[i] != '\t' &&
           text[i] != '\n') ||
          text[i] == 0x7F)
        out += kReplacement;
      else
        out.append(text, i, n);
    }
    i += n == 0 ? broken_length(text.substr(i)) : n;
  }
}

void append_word(std::string &out, std::string_view text) {
  const auto plain = [](char c) {
    return c != ' ' && c != '=' && kPlain[static_cast<unsigned char>(c)];
  };
  if (!text.empty() && std::all_of(text.begin(), text.end(), plain)) {
    out += text;
    return;
  }
  out += '"';
  append_json(out, text);
  out += '"';
}

} // namespace hello::server
