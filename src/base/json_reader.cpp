#include <algorithm>

#include <fmt/core.h>

#include "base/json_members.h"
#include "hello/error.h"
#include "hello/json.h"
#include "hello/text.h"

namespace hello::json {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

void append_utf8(std::string &out, unsigned c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
    return;
  }
  const int tails = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
  constexpr unsigned leads[] = {0, 0xC0, 0xE0, 0xF0};
  out += static_cast<char>(leads[tails] | c >> (6 * tails));
  for (int i = tails - 1; i >= 0; --i) out += static_cast<char>(0x80 | (c >> (6 * i) & 0x3F));
}

/// The first key that is there twice; null if there is none.
const std::string *duplicate(const std::vector<Member> &members) {
  const std::vector<const Member *> all = sorted(members);
  const auto found =
      std::adjacent_find(all.begin(), all.end(), [](auto *a, auto *b) { return a->key == b->key; });
  return found == all.end() ? nullptr : &(*found)->key;
}

} // namespace

Reader::Reader(std::string_view text, std::string_view name, const Limits &limits)
    : text_(text), name_(name), limits_(limits) {
  if (text.size() > limits.bytes)
    fail(fmt::format("longer than the limit of {} bytes", limits.bytes));
}

void Reader::fail(std::string_view why) const {
  const std::string_view before = text_.substr(0, at_);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const auto start = before.rfind('\n') + 1; // npos + 1 is 0
  throw Error(Exit::invalid, fmt::format("{}:{}:{}: {}", name_, line, at_ - start + 1, why));
}

/// The next character that is not a blank; NUL at the end.
char Reader::look() {
  while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
  return at_ < text_.size() ? text_[at_] : '\0';
}

void Reader::expect(char c) {
  if (look() != c) {
    if (at_ == text_.size()) fail(fmt::format("ends where '{}' is expected", c));
    fail(fmt::format("expected '{}'", c));
  }
  ++at_;
}

void Reader::count() {
  if (++values_ > limits_.values) fail(fmt::format("more than {} values", limits_.values));
}

Kind Reader::peek() {
  const char c = look();
  switch (c) {
  case '{': return Kind::object;
  case '[': return Kind::array;
  case '"': return Kind::string;
  case 't':
  case 'f': return Kind::boolean;
  case 'n': return Kind::null;
  default: break;
  }
  if (c == '-' || is_digit(c)) return Kind::number;
  fail(at_ == text_.size() ? "ends where a value is expected" : "expected a value");
}

bool Reader::enter(Kind kind) {
  if (peek() != kind) {
    skip();
    return false;
  }
  if (++depth_ > limits_.depth) fail(fmt::format("nested deeper than {}", limits_.depth));
  count();
  ++at_;
  first_ = true;
  return true;
}

/// Passes over the comma before the next member or item, or over the end.
bool Reader::more(char close) {
  if (look() == close) {
    ++at_;
    --depth_;
    first_ = false;
    return false;
  }
  if (!first_) expect(',');
  first_ = false;
  return true;
}

bool Reader::next() { return more(']'); }

bool Reader::next(std::string_view &key) {
  if (!more('}')) return false;
  if (look() != '"') fail("expected a key in quotes");
  key = quoted(key_);
  expect(':');
  return true;
}

std::string_view Reader::word() {
  for (const std::string_view word : {"true", "false", "null"})
    if (text_.substr(at_).starts_with(word)) {
      at_ += word.size();
      return word;
    }
  fail("expected a value");
}

/// A number's text. Source: RFC 8259, section 6
std::string_view Reader::digits() {
  const std::size_t start = at_;
  const auto now = [this] { return at_ < text_.size() ? text_[at_] : '\0'; };
  const auto run = [&] {
    if (!is_digit(now())) fail("expected a digit");
    while (is_digit(now())) ++at_;
  };
  if (now() == '-') ++at_;
  if (now() == '0')
    ++at_;
  else
    run();
  if (now() == '.') {
    ++at_;
    run();
  }
  if (now() == 'e' || now() == 'E') {
    ++at_;
    if (now() == '+' || now() == '-') ++at_;
    run();
  }
  if (is_digit(now())) fail("a number with a leading zero");
  return text_.substr(start, at_ - start);
}

unsigned Reader::hex() {
  unsigned code = 0;
  for (int i = 0; i < 4; ++i, ++at_) {
    const char c = at_ < text_.size() ? text_[at_] : '\0';
    const char lower = static_cast<char>(c | 0x20);
    if (!is_digit(c) && (lower < 'a' || lower > 'f')) fail("expected four hexadecimal digits");
    code = code * 16 + static_cast<unsigned>(is_digit(c) ? c - '0' : lower - 'a' + 10);
  }
  return code;
}

/// Appends what the escape means that begins after the backslash.
void Reader::escape(std::string &buffer) {
  constexpr std::string_view letters = "\"\\/bfnrt", meanings = "\"\\/\b\f\n\r\t";
  const char c = at_ < text_.size() ? text_[at_++] : '\0';
  if (const auto known = letters.find(c); known != letters.npos) {
    buffer += meanings[known];
    return;
  }
  if (c != 'u') fail("unknown escape");
  unsigned code = hex();
  if (code >= 0xD800 && code < 0xDC00 && text_.substr(at_).starts_with("\\u")) {
    const std::size_t before = at_;
    at_ += 2;
    const unsigned low = hex();
    if (low >= 0xDC00 && low < 0xE000)
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    else
      at_ = before;
  }
  append_utf8(buffer, code >= 0xD800 && code < 0xE000 ? 0xFFFD : code);
}

/// The string that begins here: a part of the text where nothing is escaped, else of `buffer`.
std::string_view Reader::quoted(std::string &buffer) {
  std::size_t start = ++at_;
  bool escaped = false;
  for (;;) {
    while (at_ < text_.size()) { // a run that means itself
      const auto c = static_cast<unsigned char>(text_[at_]);
      if (c < 0x20 || c >= 0x80 || c == '"' || c == '\\') break;
      ++at_;
    }
    if (at_ == text_.size()) fail("ends within a string");
    const char c = text_[at_];
    if (c == '"') break;
    if (c == '\\') {
      if (!escaped) buffer.clear();
      escaped = true;
      buffer.append(text_, start, at_ - start);
      ++at_;
      escape(buffer);
      start = at_;
    } else {
      const std::size_t length = text::utf8_length(text_.substr(at_));
      if (length == 0) fail("not UTF-8");
      if (length == 1) fail("a control character within a string"); // ASCII got here only as one
      at_ += length;
    }
  }
  const std::string_view rest = text_.substr(start, at_ - start);
  ++at_;
  if (!escaped) return rest;
  buffer += rest;
  return buffer;
}

void Reader::members(std::vector<Member> &all) {
  for (std::string_view key; next(key);) {
    if (!limits_.without.empty() && key == limits_.without) {
      skip();
      continue;
    }
    Member &member = all.emplace_back();
    member.key = key;
    member.value = value();
  }
  if (const std::string *twice = duplicate(all)) fail(fmt::format("the key '{}' twice", *twice));
}

Value Reader::value() {
  const Kind kind = peek();
  Value value(kind);
  if (kind == Kind::object) {
    enter(kind);
    members(value.members_);
  } else if (kind == Kind::array) {
    enter(kind);
    while (next()) value.items_.push_back(this->value());
  } else {
    count();
    if (kind == Kind::string)
      value.text_ = quoted(key_);
    else if (kind == Kind::number)
      value.text_ = digits();
    else
      value.truth_ = word() == "true";
  }
  return value;
}

std::string Reader::text() {
  const Kind kind = peek();
  if (kind == Kind::string) return std::string(quoted(key_));
  if (kind == Kind::number) return std::string(digits());
  skip();
  return "";
}

void Reader::skip() {
  const Kind kind = peek();
  if (kind == Kind::object) {
    enter(kind);
    for (std::string_view key; next(key);) skip();
  } else if (kind == Kind::array) {
    enter(kind);
    while (next()) skip();
  } else if (kind == Kind::string) {
    quoted(key_);
  } else if (kind == Kind::number) {
    digits();
  } else {
    word();
  }
}

void Reader::end() {
  look();
  if (at_ != text_.size()) fail("something follows the value");
}

Value parse(std::string_view text, std::string_view name, const Limits &limits) {
  Reader reader(text, name, limits);
  Value value = reader.value();
  reader.end();
  return value;
}

} // namespace hello::json
