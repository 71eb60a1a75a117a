#include "hello/mask.h"

#include <algorithm>
#include <set>

#include "hello/base64.h"
#include "hello/json.h"
#include "hello/text.h"

namespace hello::mask {
namespace {

/// So that none leaves the end of a longer one.
struct LongestFirst {
  bool operator()(const std::string &a, const std::string &b) const {
    return a.size() == b.size() ? a < b : a.size() > b.size();
  }
};

std::set<std::string, LongestFirst> &masked() {
  static std::set<std::string, LongestFirst> all;
  return all;
}

void add_form(std::string_view form) {
  if (form.size() >= kShortest) masked().emplace(form);
}

std::string replaced(std::string_view text, char from, std::string_view to) {
  std::string out;
  for (const char c : text) {
    if (c == from)
      out += to;
    else
      out += c;
  }
  return out;
}

std::string in_json(std::string_view text) {
  std::string quoted;
  json::quote(quoted, text);
  return quoted.substr(1, quoted.size() - 2);
}

/// As it is, without blanks around it, in JSON, in JSON that is text of JSON, and as Go writes
/// JSON.
void add_text(std::string_view text) {
  add_form(text);
  add_form(text::trimmed(text));
  const std::string json = in_json(text), go = json::as_go(json::string(text));
  add_form(json);
  add_form(in_json(json));
  add_form(std::string_view(go).substr(1, go.size() - 2));
}

void add_digits(const std::string &digits) {
  add_form(digits);
  add_form(replaced(replaced(digits, '+', "-"), '/', "_")); // as URLs have it
}

/// The base64 digits of `value`, with padding and without, and those that stand for it within a
/// longer text ("user:password").
void add_base64(std::string_view value) {
  const std::string whole = base64(value);
  add_digits(whole);
  add_digits(whole.substr(0, whole.find('=')));
  for (std::size_t before = 0; before < 3; ++before) {
    const std::string text = std::string(before, ' ').append(value), digits = base64(text);
    const std::size_t from = before == 0 ? 0 : before + 1;
    add_digits(digits.substr(from, text.size() * 8 / 6 - from));
  }
}

} // namespace

void add(std::string_view value) {
  if (value.size() < kShortest) return;
  add_base64(value);
  add_text(value);
  add_form(replaced(value, '\n', "\n    ")); // as a view indents lines
  for (const std::string_view line : text::lines(value)) {
    add_text(line);
    std::string shown(line); // a view shows no control characters
    for (char &c : shown)
      if ((c >= 0 && c < ' ' && c != '\t') || c == 0x7f) c = '?';
    add_form(shown);
  }
}

std::string applied(std::string_view text) {
  std::string out(text);
  for (const std::string &value : masked())
    for (std::size_t at = 0; (at = out.find(value, at)) != out.npos; at += 3)
      out.replace(at, value.size(), "***");
  return out;
}

} // namespace hello::mask
