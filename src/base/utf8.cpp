#include "hello/text.h"

#include <algorithm>
#include <cctype>

namespace hello::text {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD"; // U+FFFD

bool is_tail(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

/// A broken sequence: the byte that cannot be, and what can only be its tail.
std::size_t broken_length(std::string_view text) {
  std::size_t n = 1;
  while (n < 4 && n < text.size() && is_tail(text[n])) ++n;
  return n;
}

/// Controls of terminals and of writing direction.
bool obeyed(char32_t c) {
  if (c == '\n' || c == '\t') return false;
  if (c < 0x20 || (c >= 0x7F && c < 0xA0)) return true;
  if (c == 0xFFFE || c == 0xFFFF) return true; // no character: XML may not contain it
  return c == 0x2028 || c == 0x2029 || (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

struct Range {
  char32_t first, last;
};
constexpr Range kWide[] = {
    {0x1100, 0x115F},   {0x2329, 0x232A},   {0x2E80, 0x303E},   {0x3040, 0xA4CF},
    {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE10, 0xFE19},   {0xFE30, 0xFE6F},
    {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},   {0x1F300, 0x1F64F}, {0x1F900, 0x1F9FF},
    {0x20000, 0x2FFFD}, {0x30000, 0x3FFFD},
};

/// Terminal columns of the character at `i`, which moves past it.
std::size_t next_width(std::string_view text, std::size_t &i) {
  if (utf8_length(text.substr(i)) == 0) {
    ++i;
    return 1;
  }
  const char32_t c = next_code_point(text, i);
  if (c >= 0x300 && c <= 0x36F) return 0;
  for (const Range &range : kWide)
    if (c >= range.first && c <= range.last) return 2;
  return 1;
}

} // namespace

std::size_t utf8_length(std::string_view text) {
  if (text.empty()) return 0;
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const unsigned lead = byte(0), second = byte(1);
  if (lead < 0x80) return 1;
  if (lead < 0xC2 || lead > 0xF4) return 0;
  // Overlong forms, surrogates and what is beyond U+10FFFF show in the second byte.
  if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F)) return 0;
  if ((lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F)) return 0;
  std::size_t length = 2;
  if (lead >= 0xE0) length = 3;
  if (lead >= 0xF0) length = 4;
  if (text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if (!is_tail(text[i])) return 0;
  return length;
}

std::size_t invalid_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t n = utf8_length(text.substr(i));
    if (n == 0) return i;
    i += n;
  }
  return text.npos;
}

char32_t next_code_point(std::string_view text, std::size_t &i) {
  const auto byte = [&] { return static_cast<unsigned char>(text[i++]); };
  char32_t c = byte();
  if (c < 0x80) return c;
  int more = 1;
  if (c >= 0xE0) more = 2;
  if (c >= 0xF0) more = 3;
  c &= 0x3F >> more;
  while (more-- > 0) c = c << 6 | (byte() & 0x3F);
  return c;
}

std::string_view cut(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && is_tail(text[bytes])) --bytes;
  return text.substr(0, bytes);
}

std::string shortened(std::string_view text, std::size_t bytes) {
  const std::string_view kept = cut(text, bytes);
  return kept.size() == text.size() ? std::string(text) : std::string(kept) + "…";
}

std::string abridged(std::string_view message) {
  constexpr std::size_t kLongest = 300, kBegin = 100;
  const auto in_word = [&](std::size_t at) { // "the pod's"
    return at < message.size() && std::isalnum(static_cast<unsigned char>(message[at]));
  };
  std::string out;
  for (std::size_t i = 0, end = 0; i < message.size(); i = end) {
    const bool opens = message[i] == '\'' && (i == 0 || !in_word(i - 1));
    end = message.find('\'', i + 1);
    while (opens && end != message.npos && in_word(end + 1)) end = message.find('\'', end + 1);
    const bool quoted = opens && end != message.npos;
    if (quoted)
      ++end;
    else
      end = std::min(message.find_first_of(" \n'", i + 1), message.size());
    while (!quoted && end > i + 1 && message[end - 1] == ':') --end;
    const std::string_view piece = message.substr(i, end - i);
    if (piece.size() <= kLongest) {
      out += piece;
      continue;
    }
    const std::size_t marks = quoted ? 2 : std::size_t{message[i] == ' '};
    out += shortened(piece, kBegin + 1) + (quoted ? "'" : "");
    out += " (" + std::to_string(piece.size() - marks) + " bytes)";
  }
  return out;
}

std::size_t width(std::string_view text) {
  std::size_t columns = 0;
  for (std::size_t i = 0; i < text.size();) columns += next_width(text, i);
  return columns;
}

std::string_view fitted(std::string_view text, std::size_t columns) {
  for (std::size_t i = 0, used = 0; i < text.size();) {
    const std::size_t start = i;
    used += next_width(text, i);
    if (used > columns) return text.substr(0, start);
  }
  return text;
}

std::string valid_utf8(std::string_view text) {
  std::string out;
  for (std::size_t bad; (bad = invalid_utf8(text)) != text.npos;) {
    out.append(text, 0, bad).append(kReplacement);
    text.remove_prefix(bad + broken_length(text.substr(bad)));
  }
  return out.append(text);
}

std::string printable(std::string_view text) {
  const std::string valid = valid_utf8(text);
  std::string out;
  for (std::size_t i = 0; i < valid.size();) {
    const std::size_t start = i;
    if (obeyed(next_code_point(valid, i)))
      out += kReplacement;
    else
      out.append(valid, start, i - start);
  }
  return out;
}

} // namespace hello::text
