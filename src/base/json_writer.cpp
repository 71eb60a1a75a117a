#include <algorithm>
#include <array>
#include <utility>

#include "base/json_members.h"
#include "hello/json.h"
#include "hello/text.h"

namespace hello::json {
namespace {

constexpr std::array<bool, 256> kPlain = [] { // bytes that mean themselves
  std::array<bool, 256> plain{};
  for (std::size_t c = 0x20; c < 0x7F; ++c) plain[c] = c != '"' && c != '\\';
  return plain;
}();

void append_unit(std::string &out, unsigned unit) {
  static constexpr char digits[] = "0123456789abcdef";
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += digits[unit >> shift & 15];
}

/// Invisible characters, and those that end a line for some readers.
bool is_escaped(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029 || c == 0xFEFF ||
         (c & 0xFFFE) == 0xFFFE;
}

/// A control of writing direction: it can make a line look like another one. Source: Unicode
/// Standard Annex 9, section 2.
bool is_direction(char32_t c) {
  return c == 0x061C || c == 0x200E || c == 0x200F || (c >= 0x202A && c <= 0x202E) ||
         (c >= 0x2066 && c <= 0x2069);
}

using IsEscaped = bool (*)(char32_t c);

/// Appends one character that is not plain: the valid sequence `bytes`.
void append_character(std::string &out, std::string_view bytes, IsEscaped is_escaped) {
  static constexpr std::string_view letters = "\"\\nrt", meanings = "\"\\\n\r\t";
  if (const auto known = meanings.find(bytes[0]); known != meanings.npos) {
    out += '\\';
    out += letters[known];
    return;
  }
  std::size_t i = 0;
  const char32_t c = text::next_code_point(bytes, i);
  if (!is_escaped(c)) {
    out += bytes;
  } else if (c <= 0xFFFF) {
    append_unit(out, c);
  } else {
    append_unit(out, 0xD7C0 + (c >> 10));
    append_unit(out, 0xDC00 + (c & 0x3FF));
  }
}

/// Length of a sequence that is not UTF-8: a byte, and what can only be its tail.
std::size_t broken_length(std::string_view text) {
  std::size_t n = 1;
  while (n < 4 && n < text.size() && (static_cast<unsigned char>(text[n]) & 0xC0) == 0x80) ++n;
  return n;
}

/// A number in the form of YAML's canonical one: 0 for -0, 1.0e+3 for 1E3. Digests of 0.1.0 were
/// made with it.
std::string canonical_number(std::string_view text) {
  const auto mark = std::min(text.find_first_of("eE"), text.size());
  std::string out(text.substr(0, mark));
  const bool whole = out.find('.') == out.npos;
  if (whole && mark == text.size()) return out == "-0" ? "0" : out;
  if (whole) out += ".0";
  if (mark == text.size()) return out;
  out += 'e';
  const std::string_view exponent = text.substr(mark + 1);
  if (exponent[0] != '+' && exponent[0] != '-') out += '+';
  return out += exponent;
}

void write_sorted(const Value &value, std::string &out) {
  if (value.is_object()) {
    const std::vector<const Member *> all = sorted(value.members());
    out += '{';
    for (const Member *member : all) {
      if (member != all.front()) out += ',';
      quote(out, member->key);
      out += ':';
      write_sorted(member->value, out);
    }
    out += '}';
  } else if (value.is_array()) {
    out += '[';
    for (const Value &item : value.items()) {
      if (&item != &value.items().front()) out += ',';
      write_sorted(item, out);
    }
    out += ']';
  } else if (value.kind() == Kind::number) {
    out += canonical_number(value.text());
  } else {
    Writer(out).value(value);
  }
}

void append_quoted(std::string &out, std::string_view text, IsEscaped is_escaped) {
  out += '"';
  std::size_t i = 0;
  while (i < text.size()) {
    std::size_t end = i; // a run of plain bytes goes at once: nearly always the whole
    while (end < text.size() && kPlain[static_cast<unsigned char>(text[end])]) ++end;
    out.append(text, i, end - i);
    i = end;
    if (i == text.size()) break;
    const std::string_view rest = text.substr(i);
    if (const std::size_t length = text::utf8_length(rest)) {
      append_character(out, rest.substr(0, length), is_escaped);
      i += length;
    } else {
      out += "\xEF\xBF\xBD";
      i += broken_length(rest);
    }
  }
  out += '"';
}

} // namespace

void quote(std::string &out, std::string_view text) { append_quoted(out, text, is_escaped); }

void quote_visible(std::string &out, std::string_view text) {
  append_quoted(out, text, [](char32_t c) { return is_escaped(c) || is_direction(c); });
}

void Writer::line() {
  out_ += '\n';
  out_.append(2 * depth_, ' ');
}

void Writer::separate() {
  if (after_key_) {
    after_key_ = false;
    return;
  }
  if (depth_ == 0) return;
  const bool follows = !std::exchange(first_, false);
  if (follows) out_ += style_ == Style::spaced ? ", " : ",";
  if (follows && style_ == Style::lines && depth_ == 1) out_ += '\n';
  if (style_ == Style::indented) line();
}

Writer &Writer::begin(char open) {
  separate();
  out_ += open;
  ++depth_;
  first_ = true;
  return *this;
}

Writer &Writer::end(char close) {
  --depth_;
  if (style_ == Style::indented && !first_) line();
  first_ = false;
  out_ += close;
  return *this;
}

Writer &Writer::key(std::string_view key) {
  separate();
  quote(out_, key);
  out_ += style_ == Style::compact || style_ == Style::lines ? ":" : ": ";
  after_key_ = true;
  return *this;
}

Writer &Writer::string(std::string_view text) {
  separate();
  quote(out_, text);
  return *this;
}

Writer &Writer::number(std::int64_t value) { return raw(std::to_string(value)); }

Writer &Writer::raw(std::string_view json) {
  separate();
  out_ += json;
  return *this;
}

Writer &Writer::value(const Value &value) {
  switch (value.kind()) {
  case Kind::null: return null();
  case Kind::boolean: return boolean(value.boolean());
  case Kind::number: return raw(value.text());
  case Kind::string: return string(value.text());
  case Kind::array:
    begin_array();
    for (const Value &item : value.items()) this->value(item);
    return end_array();
  case Kind::object: break;
  }
  begin_object();
  for (const Member &member : value.members()) key(member.key).value(member.value);
  return end_object();
}

std::string to_text(const Value &value, Style style) {
  std::string out;
  Writer(out, style).value(value);
  return out;
}

std::string canonical(const Value &value) {
  std::string out;
  write_sorted(value, out);
  return out;
}

std::string as_go(const Value &value) {
  std::string out;
  for (const char c : canonical(value)) // line separators are escaped already
    if (c == '<' || c == '>' || c == '&')
      append_unit(out, static_cast<unsigned char>(c));
    else
      out += c;
  return out;
}

} // namespace hello::json
