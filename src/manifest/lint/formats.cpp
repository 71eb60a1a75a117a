#include "manifest/lint/formats.h"

#include <algorithm>

#include <fmt/core.h>

#include "hello/address.h"
#include "hello/text.h"

namespace hello::manifest {
namespace {

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word(char c) { return is_lower(c) || is_digit(c); }

/// RFC 1123, as Kubernetes reads it.
bool is_label(std::string_view name) {
  const auto allowed = [](char c) { return is_word(c) || c == '-'; };
  return !name.empty() && name.size() <= 63 && is_word(name.front()) && is_word(name.back()) &&
         std::all_of(name.begin(), name.end(), allowed);
}

bool is_subdomain(std::string_view name) {
  if (name.empty() || name.size() > 253 || name.ends_with('.')) return false;
  for (const std::string_view part : text::split(name, '.'))
    // A part may be longer than a label. Source: apimachinery, IsDNS1123Subdomain
    if (part.empty() || !is_word(part.front()) || !is_word(part.back()) ||
        !std::all_of(part.begin(), part.end(), [](char c) { return is_word(c) || c == '-'; }))
      return false;
  return true;
}

/// Source: RFC 6335, section 5.1, as Kubernetes reads it
bool is_port_name(std::string_view name) {
  const auto allowed = [](char c) { return is_word(c) || c == '-'; };
  return !name.empty() && name.size() <= 15 && name.front() != '-' && name.back() != '-' &&
         std::all_of(name.begin(), name.end(), allowed) &&
         std::any_of(name.begin(), name.end(), is_lower) && name.find("--") == name.npos;
}

/// "example.com/name" or "name", as labels and annotations have. Source:
/// https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set
bool is_word_of(std::string_view text, std::size_t most) {
  const auto letter = [](char c) { return is_word(c) || (c >= 'A' && c <= 'Z'); };
  return !text.empty() && text.size() <= most && letter(text.front()) && letter(text.back()) &&
         std::all_of(text.begin(), text.end(),
                     [&](char c) { return letter(c) || c == '-' || c == '_' || c == '.'; });
}

bool is_key(std::string_view key) {
  const std::size_t slash = key.find('/');
  if (slash == key.npos) return is_word_of(key, 63);
  return is_subdomain(key.substr(0, slash)) && is_word_of(key.substr(slash + 1), 63);
}

bool is_config_key(std::string_view key) {
  return !key.empty() && key.size() <= 253 && key != "." && !key.starts_with("..") &&
         std::all_of(key.begin(), key.end(), [](char c) {
           return is_word(c) || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' || c == '.';
         });
}

/// Since Kubernetes 1.30: printable ASCII without '='.
bool is_variable(std::string_view name) {
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return c >= ' ' && c <= '~' && c != '='; });
}

/// A number of pods, or a share of them.
bool is_count(std::string_view text) {
  if (text.ends_with('%')) text.remove_suffix(1);
  return text::is_digits(text) && text::integer(text, 0, INT32_MAX);
}

bool is_port(std::string_view value) {
  const auto number = text::integer(value);
  return number ? *number >= 1 && *number <= 65535 : is_port_name(value);
}

bool is_cidr(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == text.npos || !sys::parse_ip(text.substr(0, slash))) return false;
  const std::string_view bits = text.substr(slash + 1);
  const bool six = text.find(':') != text.npos;
  return text::is_digits(bits) && (bits == "0" || bits[0] != '0') &&
         text::integer(bits, 0, six ? 128 : 32).has_value();
}

bool is_choice(std::string_view choices, std::string_view value) {
  const auto all = text::split(choices, '|');
  return std::find(all.begin(), all.end(), value) != all.end();
}

bool is_host(std::string_view name) {
  return is_subdomain(name.starts_with("*.") ? name.substr(2) : name);
}

bool is_address(std::string_view text) { return sys::parse_ip(text).has_value(); }

bool is_value(std::string_view text) { return text.empty() || is_word_of(text, 63); }

bool is_share(std::string_view text) {
  return !text.ends_with('%') || text::integer(text.substr(0, text.size() - 1)) <= 100;
}

bool is_path(std::string_view text) { return text.starts_with('/'); }

/// What is no quantity at all is another finding.
bool is_positive(std::string_view text) {
  const auto amount = text::Quantity::parse(text);
  return !amount || !amount->is_negative();
}

bool is_cluster_address(std::string_view text) { return text == "None" || is_address(text); }

bool is_above_zero(std::string_view text) {
  const auto amount = text::Quantity::parse(text);
  return !amount || *amount > *text::Quantity::parse("0");
}

/// Source: apimachinery, IsHTTPHeaderName
bool is_header(std::string_view name) {
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return is_word(c) || (c >= 'A' && c <= 'Z') || c == '-'; });
}

struct Form {
  std::string_view demand;
  bool (*holds)(std::string_view value);
  std::string_view otherwise; ///< after the value
};

constexpr Form kForms[] = {
    {"above", is_above_zero, "is not more than 0"},
    {"clusterip", is_cluster_address, "is neither an IP address nor None"},
    {"cron", is_cron, "is not a schedule of five fields, such as \"*/5 * * * *\""},
    {"header", is_header, "is not the name of a header"},
    {"label", is_label, "is not a DNS label"},
    {"subdomain", is_subdomain, "is not a DNS subdomain"},
    {"portname", is_port_name, "is not a port name: use at most 15 of a-z, 0-9 and -"},
    {"host", is_host, "is not a host name"},
    {"ip", is_address, "is not an IP address"},
    {"cidr", is_cidr, "is not a CIDR block, such as 203.0.113.0/24"},
    {"key", is_key, "is not a valid label name"},
    {"value", is_value, "is not a valid label value: use at most 63 letters, digits and -_."},
    {"configkey", is_config_key, "is not a valid ConfigMap key"},
    {"envname", is_variable, "is not a valid variable name"},
    {"port", is_port, "is neither a port number from 1 to 65535 nor a port name"},
    {"path", is_path, "must begin with /"},
    {"count", is_count, "is neither a number of pods nor a percentage"},
    {"share", is_share, "is more than 100%"},
    {"positive", is_positive, "is negative"},
};

/// Texts are named ports, and of another type: that is another finding.
std::string bound_mistake(const std::string &value, std::string_view name, std::string_view bound) {
  const auto number = text::integer(value), most = text::integer(bound);
  if (!number || (name == "min" ? *number >= *most : *number <= *most)) return "";
  return fmt::format("{} is {} than {}", value, name == "min" ? "less" : "more", bound);
}

} // namespace

std::string format_mistake(const std::string &value, std::string_view demand) {
  const std::string_view name = text::take(demand, '=');
  if (name == "min" || name == "max") return bound_mistake(value, name, demand);
  const std::string shown = fmt::format("'{}'", text::shortened(value, 60));
  if (name == "one" && !is_choice(demand, value))
    return fmt::format("invalid value {}: use {}", shown, text::alternatives(demand));
  for (const Form &form : kForms)
    if (form.demand == name && !form.holds(value))
      return fmt::format("{} {}", shown, form.otherwise);
  return "";
}

} // namespace hello::manifest
