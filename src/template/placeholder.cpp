#include "template/placeholder.h"

#include <stdexcept>
#include <utility>

#include <fmt/core.h>

namespace hello::templates {
namespace {

constexpr std::string_view kNameCharacters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";

std::string name_of(std::string_view text, std::string_view whole) {
  if (text.empty() || text.find_first_not_of(kNameCharacters) != text.npos)
    throw std::invalid_argument(fmt::format("'{}' in '{}' is no name", text, whole));
  return std::string(text);
}

Condition condition(std::string_view text, std::string_view whole) {
  using Test = Condition::Test;
  if (text.starts_with('!')) return {name_of(text.substr(1), whole), Test::unset, {}};
  std::size_t equals = text.find('=');
  if (equals == text.npos) return {name_of(text, whole), Test::set, {}};
  bool different = equals > 0 && text[equals - 1] == '!';
  return {name_of(text.substr(0, equals - different), whole),
          different ? Test::different : Test::equal, std::string(text.substr(equals + 1))};
}

Placeholder control(std::string_view inside, std::string_view whole) {
  Placeholder out;
  if (inside.starts_with("if ")) {
    out.kind = Placeholder::Kind::when;
    for (std::size_t start = 3, end = 0; end != inside.npos; start = end + 5) {
      end = inside.find(" and ", start);
      out.conditions.push_back(
          condition(inside.substr(start, end == inside.npos ? end : end - start), whole));
    }
  } else if (inside.starts_with("optional ")) {
    out.kind = Placeholder::Kind::optional;
    out.name = name_of(inside.substr(9), whole);
  } else {
    out.kind = Placeholder::Kind::each;
    std::size_t in = inside.find(" in ");
    if (in == inside.npos || in < 4)
      throw std::invalid_argument(fmt::format("'{}' is not $(for NAME in LIST)", whole));
    out.variable = name_of(inside.substr(4, in - 4), whole);
    out.name = name_of(inside.substr(in + 4), whole);
  }
  return out;
}

} // namespace

Placeholder parse(std::string_view text) {
  Placeholder out;
  std::string literal;
  for (std::size_t i = 0; i < text.size();) {
    std::string_view rest = text.substr(i);
    if (rest.starts_with("$$(")) {
      literal += "$(";
      i += 3;
      continue;
    }
    if (!rest.starts_with("$(")) {
      literal += text[i++];
      continue;
    }
    std::size_t end = rest.find(')');
    if (end == rest.npos) throw std::invalid_argument(fmt::format("'{}' has no ')'", rest));
    std::string_view inside = rest.substr(2, end - 2);
    bool is_all = text.size() == end + 1;
    if (inside.starts_with("if ") || inside.starts_with("for ") ||
        inside.starts_with("optional ")) {
      if (!is_all)
        throw std::invalid_argument(fmt::format("'{}' must stand alone", rest.substr(0, end + 1)));
      return control(inside, text);
    }
    std::string name = name_of(inside, text);
    if (is_all) {
      out.kind = Placeholder::Kind::value;
      out.name = std::move(name);
      return out;
    }
    if (!literal.empty()) out.pieces.push_back({false, std::exchange(literal, {})});
    out.pieces.push_back({true, std::move(name)});
    i += end + 1;
  }
  if (!literal.empty() || out.pieces.empty()) out.pieces.push_back({false, literal});
  return out;
}

} // namespace hello::templates
