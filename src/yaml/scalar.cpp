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

/// Digits of another base as decimal; those that fit no 64 bits stay text.
Plain based(std::string_view sign, std::string_view text, int base, std::string_view whole) {
  std::uint64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{}) return {Scalar::string, std::string(whole)};
  return {Scalar::integer, std::string(sign == "-" && value ? "-" : "") + std::to_string(value)};
}

/// [0-9]* [. [0-9]*] [e [+-] [0-9]+], with a digit before the exponent, as every reader takes it
/// for a number: YAML 1.1 wants a dot and a sign in the exponent.
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
    if (text.starts_with('-') || text.starts_with('+'))
      sign = text.substr(0, 1), text.remove_prefix(1);
    if (!digits(text, kDecimal)) return std::nullopt;
    exponent = text;
    text = {};
  }
  if (!text.empty()) return std::nullopt;
  std::size_t significant = std::min(whole.find_first_not_of('0'), whole.size());
  whole.remove_prefix(significant); // 00.5 is no JSON
  std::string out(whole.empty() ? "0" : whole);
  out += '.';
  out += fraction.empty() ? "0" : fraction;
  if (!exponent.empty()) out.append("e").append(sign).append(exponent);
  return out;
}

} // namespace

Plain resolve(std::string_view text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL")
    return {Scalar::null, "null"};
  if (text == "true" || text == "True" || text == "TRUE") return {Scalar::boolean, "true"};
  if (text == "false" || text == "False" || text == "FALSE") return {Scalar::boolean, "false"};
  std::string_view rest = text, sign;
  if (rest[0] == '-' || rest[0] == '+') sign = rest.substr(0, 1), rest.remove_prefix(1);
  if (rest == ".inf" || rest == ".Inf" || rest == ".INF")
    return {Scalar::real, std::string(sign == "-" ? "-.inf" : ".inf")};
  if (text == ".nan" || text == ".NaN" || text == ".NAN") return {Scalar::real, ".nan"};
  if (rest.empty() || (rest[0] != '.' && (rest[0] < '0' || rest[0] > '9')))
    return {Scalar::string, std::string(text)};
  if (rest.starts_with("0o") && digits(rest.substr(2), kOctal))
    return based(sign, rest.substr(2), 8, text);
  if (rest.starts_with("0x") && digits(rest.substr(2), kHex))
    return based(sign, rest.substr(2), 16, text);
  if (digits(rest, kDecimal)) {
    if (rest.size() > 1 && rest[0] == '0') {
      // 0644 is octal to Kubernetes, decimal to YAML 1.2; 089 is a number to few.
      return digits(rest, kOctal) ? based(sign, rest, 8, text)
                                  : Plain{Scalar::string, std::string(text)};
    }
    return {Scalar::integer,
            std::string(sign == "-" && rest != "0" ? "-" : "") + std::string(rest)};
  }
  if (auto number = real(rest)) return {Scalar::real, (sign == "-" ? "-" : "") + *number};
  return {Scalar::string, std::string(text)};
}

Scalar kind_of(const YAML::Node &node) {
  if (!node.IsDefined() || node.IsNull()) return Scalar::null;
  return node.Tag() == "?" ? resolve(node.Scalar()).kind : Scalar::string;
}

namespace {
YAML::Node scalar(std::string_view text, const char *tag) {
  YAML::Node node{std::string(text)};
  node.SetTag(tag);
  return node;
}
} // namespace

YAML::Node string(std::string_view text) { return scalar(text, "!"); }
YAML::Node integer(std::int64_t value) { return scalar(std::to_string(value), "?"); }
YAML::Node boolean(bool value) { return scalar(value ? "true" : "false", "?"); }

} // namespace hello::yaml
