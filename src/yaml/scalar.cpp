#include "yaml/scalar.h"
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>

namespace hello::yaml {
namespace {

bool digits(std::string_view text, std::string_view allowed) {
  return !text.empty() && text.find_first_not_of(allowed) == text.npos;
}

constexpr std::string_view kDecimal = "0123456789", kOctal = "01234567",
                           kHex = "0123456789abcdefABCDEF";

/// Digits of another base as decimal. None if they do not fit 64 bits: they stay text.
std::optional<Plain> based(std::string_view text, int base) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{}) return std::nullopt;
  return Plain{Scalar::integer, std::to_string(value)};
}

/// [0-9]* [. [0-9]*] [e [+-] [0-9]+], with a digit before the exponent, in the form that every
/// parser reads as a number: YAML 1.1 needs the dot, and the sign of the exponent.
std::optional<std::string> real(std::string_view text) {
  std::size_t dot = std::min(text.find_first_not_of(kDecimal), text.size());
  std::string_view whole = text.substr(0, dot), fraction, exponent;
  text.remove_prefix(dot);
  if (text.starts_with('.')) {
    fraction = text.substr(1, text.find_first_not_of(kDecimal, 1) - 1);
    text.remove_prefix(std::min(text.size(), 1 + fraction.size()));
  }
  if (whole.empty() && fraction.empty()) return std::nullopt;
  std::string_view sign = "+";
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    if (text.starts_with('-') || text.starts_with('+')) {
      sign = text.substr(0, 1);
      text.remove_prefix(1);
    }
    if (!digits(text, kDecimal)) return std::nullopt;
    exponent = text;
    text = {};
  }
  if (!text.empty()) return std::nullopt;
  std::size_t significant = std::min(whole.find_first_not_of('0'), whole.size());
  whole.remove_prefix(significant); // JSON has no 00.5
  std::string out(whole.empty() ? "0" : whole);
  out += '.';
  out += fraction.empty() ? "0" : fraction;
  if (!exponent.empty()) out.append("e").append(sign).append(exponent);
  return out;
}

/// A number without its sign; none if it is not one.
std::optional<Plain> number(std::string_view text) {
  if (text == ".inf" || text == ".Inf" || text == ".INF") return Plain{Scalar::real, ".inf"};
  const std::string_view after = text.substr(std::min<std::size_t>(2, text.size()));
  if (text.starts_with("0o") && digits(after, kOctal)) return based(after, 8);
  if (text.starts_with("0x") && digits(after, kHex)) return based(after, 16);
  if (digits(text, kDecimal)) {
    if (text.size() == 1 || text[0] != '0') return Plain{Scalar::integer, std::string(text)};
    // 0644 is octal in Kubernetes, decimal in YAML 1.2; few parsers read 089 as a number.
    return digits(text, kOctal) ? based(text, 8) : std::nullopt;
  }
  if (auto canonical = real(text)) return Plain{Scalar::real, std::move(*canonical)};
  return std::nullopt;
}

struct Word {
  std::string_view text;
  Scalar kind;
  std::string_view canonical;
};
constexpr Word kWords[] = {
    {"", Scalar::null, "null"},          {"~", Scalar::null, "null"},
    {"null", Scalar::null, "null"},      {"Null", Scalar::null, "null"},
    {"NULL", Scalar::null, "null"},      {"true", Scalar::boolean, "true"},
    {"True", Scalar::boolean, "true"},   {"TRUE", Scalar::boolean, "true"},
    {"false", Scalar::boolean, "false"}, {"False", Scalar::boolean, "false"},
    {"FALSE", Scalar::boolean, "false"}, {".nan", Scalar::real, ".nan"},
    {".NaN", Scalar::real, ".nan"},      {".NAN", Scalar::real, ".nan"},
};

YAML::Node scalar(std::string_view text, const char *tag) {
  YAML::Node node{std::string(text)};
  node.SetTag(tag);
  return node;
}

} // namespace

Plain resolve(std::string_view text) {
  for (const Word &word : kWords)
    if (text == word.text) return {word.kind, std::string(word.canonical)};
  const bool has_sign = text.starts_with('-') || text.starts_with('+');
  auto found = number(text.substr(has_sign ? 1 : 0));
  if (!found) return {Scalar::string, std::string(text)};
  const bool is_zero = found->kind == Scalar::integer && found->canonical == "0";
  if (text[0] == '-' && !is_zero) found->canonical.insert(0, "-");
  return *found;
}

Scalar kind_of(const YAML::Node &node) {
  if (!node.IsDefined() || node.IsNull()) return Scalar::null;
  return node.Tag() == "?" ? resolve(node.Scalar()).kind : Scalar::string;
}

YAML::Node string(std::string_view text) { return scalar(text, "!"); }
YAML::Node integer(std::int64_t value) { return scalar(std::to_string(value), "?"); }
YAML::Node boolean(bool value) { return scalar(value ? "true" : "false", "?"); }

} // namespace hello::yaml
