#include "hello/mask.h"

#include <algorithm>
#include <vector>

#include "hello/base64.h"
#include "hello/json.h"
#include "hello/text.h"

namespace hello::mask {
namespace {

/// Longest first, so that none leaves the end of a longer one.
std::vector<std::string> &masked() {
  static std::vector<std::string> all;
  return all;
}

void add_form(std::string_view form) {
  auto &all = masked();
  if (form.size() < kShortest || std::find(all.begin(), all.end(), form) != all.end()) return;
  const auto place = std::find_if(all.begin(), all.end(),
                                  [&](const std::string &one) { return one.size() < form.size(); });
  all.emplace(place, form);
}

} // namespace

void add(std::string_view value) {
  if (value.size() < kShortest) return;
  add_form(value);
  add_form(base64(value));
  for (const std::string_view line : text::lines(value)) { // a view may indent them
    add_form(line);
    std::string quoted;
    json::quote(quoted, line);
    add_form(std::string_view(quoted).substr(1, quoted.size() - 2));
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
