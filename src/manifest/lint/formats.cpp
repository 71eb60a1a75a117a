#include "manifest/lint/formats.h"

#include <algorithm>

#include <fmt/core.h>

#include "hello/address.h"
#include "hello/base64.h"
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

/// Zeros in front of numbers are passed over. Source: k8s.io/utils/net, ParseIPSloppy
bool is_address(std::string_view text) {
  if (text.find(':') != text.npos) return sys::parse_ip(text).has_value();
  std::string plain;
  for (std::string_view part : text::split(text, '.')) {
    while (part.size() > 1 && part[0] == '0') part.remove_prefix(1);
    plain += (plain.empty() ? "" : ".") + std::string(part);
  }
  return sys::parse_ip(plain).has_value();
}

bool is_cidr(std::string_view text) {
  const bool six = text.find(':') != text.npos;
  const std::string_view address = text::take(text, '/');
  return is_address(address) && text::is_digits(text) &&
         text::integer(text, 0, six ? 128 : 32).has_value();
}

bool is_choice(std::string_view choices, std::string_view value) {
  const auto all = text::split(choices, '|');
  return std::find(all.begin(), all.end(), value) != all.end();
}

bool is_host(std::string_view name) {
  return is_subdomain(name.starts_with("*.") ? name.substr(2) : name);
}

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
  auto amount = text::Quantity::parse(text);
  if (!amount) amount = text::Quantity::parse("0" + std::string(text)); // "Gi" is 0
  return !amount || *amount > *text::Quantity::parse("0");
}

/// Source: apimachinery, IsHTTPHeaderName
bool is_header(std::string_view name) {
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return is_word(c) || (c >= 'A' && c <= 'Z') || c == '-'; });
}

/// Source: apimachinery, IsValidPathSegmentName
bool is_segment(std::string_view text) {
  return text != "." && text != ".." && text.find_first_of("/%") == text.npos;
}

/// "example.com/controller"
bool is_prefixed(std::string_view text) {
  return is_subdomain(text::take(text, '/')) && !text.empty();
}

bool is_level(std::string_view path) {
  const auto parts = text::split(path, '/');
  return std::find(parts.begin(), parts.end(), "..") == parts.end();
}

/// Source: pkg/apis/core/validation, validateLocalDescendingPath
bool is_descending(std::string_view path) { return !path.starts_with('/') && is_level(path); }

bool is_relative(std::string_view path) { return is_descending(path) && !path.starts_with(".."); }

/// "0,2-4", in ascending order.
bool is_indexes(std::string_view text) {
  std::int64_t last = -1;
  for (std::string_view range : text::split(text, ',')) {
    const bool has_end = range.find('-') != range.npos;
    const auto first = text::integer(text::take(range, '-'));
    const auto end = has_end ? text::integer(range) : first;
    if (!first || !end || *first <= last || (has_end && *end <= *first)) return false;
    last = *end;
  }
  return true;
}

/// The shape of RFC 3339; the numbers may be any.
bool is_time(std::string_view text) {
  const auto fits = [](std::string_view part, std::string_view shape) {
    return part.size() == shape.size() &&
           std::equal(part.begin(), part.end(), shape.begin(), [](char c, char wanted) {
             return wanted == '0' ? is_digit(c) : c == wanted;
           });
  };
  constexpr std::string_view kShape = "0000-00-00T00:00:00";
  if (text.size() <= kShape.size() || !fits(text.substr(0, kShape.size()), kShape)) return false;
  text.remove_prefix(kShape.size());
  if (text[0] == '.')
    text.remove_prefix(std::min(text.find_first_not_of("0123456789", 1), text.size()));
  return text == "Z" || fits(text, "+00:00") || fits(text, "-00:00");
}

bool is_trimmed(std::string_view text) { return text::trimmed(text) == text; }

bool is_no_address(std::string_view text) { return !is_address(text); }

bool is_canonical(std::string_view name) {
  return is_subdomain(name.ends_with('.') ? name.substr(0, name.size() - 1) : name);
}

/// What is no quantity at all is another finding.
bool is_whole(std::string_view text) {
  const auto amount = text::Quantity::parse(text);
  return !amount || amount->is_whole();
}

bool is_base64(std::string_view text) { return from_base64(text).has_value(); }

/// A label or an annotation of the pod: "metadata.labels['app']".
bool is_entry_of_pod(std::string_view path) {
  return path.ends_with("']") &&
         (path.starts_with("metadata.labels['") || path.starts_with("metadata.annotations['"));
}

bool is_field_for_env(std::string_view path) {
  return is_entry_of_pod(path) ||
         is_choice("metadata.name|metadata.namespace|metadata.uid|spec.nodeName|spec.host|"
                   "spec.serviceAccountName|status.hostIP|status.hostIPs|status.podIP|"
                   "status.podIPs",
                   path);
}

bool is_field_for_volume(std::string_view path) {
  return is_entry_of_pod(path) ||
         is_choice("metadata.name|metadata.namespace|metadata.uid|metadata.labels|"
                   "metadata.annotations",
                   path);
}

bool is_resource_field(std::string_view field) {
  const std::string_view side = text::take(field, '.');
  return is_choice("limits|requests", side) &&
         (is_choice("cpu|memory|ephemeral-storage", field) || field.starts_with("hugepages-"));
}

/// Source: pkg/apis/core/helper, standardQuotaResources
bool is_quota(std::string_view name) {
  if (name.find('/') != name.npos) return is_key(name);
  if (name == "requests.storage") return true;
  if (name.starts_with("requests.")) name.remove_prefix(9);
  if (name.starts_with("limits.")) name.remove_prefix(7);
  return name.starts_with("hugepages-") ||
         is_choice("cpu|memory|ephemeral-storage|pods|resourcequotas|services|"
                   "replicationcontrollers|secrets|persistentvolumeclaims|configmaps|"
                   "services.nodeports|services.loadbalancers",
                   name);
}

/// "apps/v1"
bool is_grouped(std::string_view version) {
  const std::string_view group = text::take(version, '/');
  return !group.empty() && !version.empty() && version.find('/') == version.npos;
}

/// The API server passes over blanks in these.
bool is_range(std::string_view text) { return is_cidr(text::trimmed(text)); }

/// The API server reads these in lower case.
bool is_annotation(std::string_view key) { return is_key(text::lower(key)); }

bool is_limit_type(std::string_view type) {
  return is_choice("Container|Pod|PersistentVolumeClaim", type) ||
         (is_key(type) && type.find('/') != type.npos);
}

/// Source: pkg/apis/core/validation, validateKubeFinalizerName
bool is_finalizer(std::string_view name) {
  return is_key(name) &&
         (name.find('/') != name.npos || is_choice("kubernetes|orphan|foregroundDeletion", name));
}

struct Form {
  std::string_view demand;
  bool (*holds)(std::string_view value);
  std::string_view otherwise; ///< after the value
};

constexpr Form kForms[] = {
    {"above", is_above_zero, "is not more than 0"},
    {"annotation", is_annotation, "is not a valid name"},
    {"limittype", is_limit_type, "is neither Container, Pod nor PersistentVolumeClaim"},
    {"grouped", is_grouped, "is not an API version with a group, such as apps/v1"},
    {"range", is_range, "is not a CIDR block, such as 203.0.113.0/24"},
    {"base64", is_base64, "is not base64"},
    {"cname", is_canonical, "is not a host name"},
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
    {"configkeys", is_config_key, "is not a valid ConfigMap key"},
    {"envfield", is_field_for_env, "is not a field that a variable can have"},
    {"volumefield", is_field_for_volume, "is not a field that a volume can have"},
    {"resourcefield", is_resource_field, "is not a field such as limits.cpu"},
    {"quota", is_quota, "is not the name of a resource with a quota"},
    {"finalizer", is_finalizer, "is not a finalizer, such as example.com/clean-up"},
    {"segment", is_segment, "has a character that names may not have"},
    {"prefixed", is_prefixed, "is not a name with a domain, such as example.com/controller"},
    {"relative", is_relative, "must be relative and without .."},
    {"level", is_level, "must not contain .."},
    {"descending", is_descending, "must be relative and without .."},
    {"indexes", is_indexes, "is not a list of indexes, such as 0,2-4"},
    {"time", is_time, "is not a time, such as 2026-01-02T03:04:05Z"},
    {"trimmed", is_trimmed, "has blanks at its ends"},
    {"noip", is_no_address, "is an IP address, not a host name"},
    {"whole", is_whole, "is not a whole number"},
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

/// A resource that has no parts: pods, and those with a domain that is not Kubernetes' own.
bool is_counted(std::string_view name) {
  if (name.find('/') == name.npos) return name == "pods" || name.starts_with("services");
  return name.find("kubernetes.io/") == name.npos && !name.starts_with("requests.");
}

std::string format_mistake(const std::string &value, std::string_view demand) {
  const std::string_view name = text::take(demand, '=');
  if (name == "min" || name == "max") return bound_mistake(value, name, demand);
  const std::string shown = fmt::format("'{}'", value);
  if (name == "one" && !is_choice(demand, value))
    return fmt::format("invalid value {}: use {}", shown, text::alternatives(demand));
  if (name == "amount") {
    const auto choices = text::split(demand, '|');
    const bool is_one = std::any_of(choices.begin(), choices.end(), [&](std::string_view choice) {
      return text::Quantity::parse(choice) == text::Quantity::parse(value);
    });
    return is_one ? "" : fmt::format("invalid value {}: use {}", shown, text::alternatives(demand));
  }
  for (const Form &form : kForms)
    if (form.demand == name && !form.holds(value))
      return fmt::format("{} {}", shown, form.otherwise);
  return "";
}

} // namespace hello::manifest
