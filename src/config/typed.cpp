#include "config/typed.h"

#include <algorithm>
#include <regex>
#include <stdexcept>

#include <fmt/core.h>
#include <yaml-cpp/yaml.h>

#include "hello/nearest.h"
#include "hello/text.h"
#include "hello/version.h"
#include "hello/yaml.h"

namespace hello::config {
namespace {

[[noreturn]] void fail(const std::string &why) { throw std::invalid_argument(why); }

std::string shown(std::string_view text) { return fmt::format("'{}'", text); }

/// Refuses 010: it is 8 in YAML 1.1, and so in Kubernetes, but 10 in YAML 1.2.
void check_octal(std::string_view text) {
  if (text.size() > 1 && text[0] == '0' && text[1] >= '0' && text[1] <= '9')
    fail(fmt::format("{} begins with a zero, which some read as octal: write it without the zero",
                     shown(text)));
}

void check_range(const Type &type, std::int64_t value) {
  if (value >= type.min && value <= type.max) return;
  const std::string_view unit = type.kind == Kind::duration ? " seconds" : "";
  fail(fmt::format("{}{} is out of range: {} to {}{}", value, unit, type.min, type.max, unit));
}

/// Whether `text` is a quantity that is not negative and has no sign.
bool is_quantity(std::string_view text) {
  return !text.starts_with('-') && !text.starts_with('+') && text::Quantity::parse(text);
}

bool is_choice(std::string_view choices, std::string_view text) {
  const auto all = text::split(choices, '|');
  return std::find(all.begin(), all.end(), text) != all.end();
}

std::string reason(const Pattern &pattern, std::string_view text) {
  const std::string_view why = pattern.reason ? pattern.reason(text) : "";
  return why.empty() ? "" : fmt::format(": {}", why);
}

YAML::Node checked_string(const Type &type, std::string_view text) {
  if (text.find('\0') != text.npos) fail("a NUL byte: text cannot carry one");
  if (std::size_t bad = text::invalid_utf8(text); bad != text.npos)
    fail(fmt::format("invalid UTF-8 (byte 0x{:02X} at offset {})",
                     static_cast<unsigned char>(text[bad]), bad));
  if (const auto size = static_cast<std::int64_t>(text.size()); type.max && size > type.max)
    fail(fmt::format("{} bytes are out of range: 0 to {} bytes", size, type.max));
  if (const std::string_view expression = type.pattern.expression; !expression.empty()) {
    if (text.size() > kLongestMatched) fail(shown(text) + " is too long");
    // Made from pointers like the ones of cpp-httplib, so that one template is instantiated.
    const std::regex pattern(expression.data(), expression.size());
    if (!std::regex_search(text.begin(), text.end(), pattern))
      fail(fmt::format("{} is not a valid {}{}", shown(text), type.pattern.words,
                       reason(type.pattern, text)));
  }
  return yaml::string(text);
}

/// Refuses keys that the setting does not know.
void check_keys(const Type &type, const YAML::Node &map) {
  const auto known = text::split(type.choices, '|');
  for (const auto &entry : map)
    if (const std::string &key = entry.first.Scalar();
        std::find(known.begin(), known.end(), key) == known.end())
      fail(fmt::format("has an unknown key: {}{}", key, hint(nearest(key, known))));
}

/// With a pattern, each item is a string that must match it.
YAML::Node checked_list(const Type &type, const YAML::Node &list) {
  for (const YAML::Node &item : yaml::items(list)) {
    if (type.choices.empty() || (type.is_stacked && item.IsNull())) continue;
    if (!item.IsMap()) fail(fmt::format("must be a list of maps of {}", type.choices));
    check_keys(type, item);
  }
  if (type.pattern.expression.empty()) return list;
  YAML::Node texts(YAML::NodeType::Sequence);
  for (const YAML::Node &item : list) {
    if (!item.IsScalar()) fail("must be a list of texts");
    texts.push_back(checked_string(type, item.Scalar()));
  }
  return texts;
}

/// The lines of a text that is written as a list of them.
YAML::Node joined(const Type &type, const YAML::Node &list) {
  std::string text;
  bool first = true;
  for (const YAML::Node &item : list) {
    if (!item.IsScalar()) fail("must be a list of texts");
    if (item.Scalar().find('\n') != std::string::npos)
      fail("an item of the list has a line end: each item is one line");
    if (!first) text += '\n';
    first = false;
    text += item.Scalar();
  }
  return checked_string(type, text);
}

/// Of a map that merges; null drops the lower layers' entry.
YAML::Node checked_map(const Type &type, const YAML::Node &map) {
  if (!type.choices.empty()) check_keys(type, map);
  if (!type.is_stacked || type.values == Type::Values::any) return map;
  const bool quantities = type.values == Type::Values::quantities;
  for (const auto &entry : map) {
    const YAML::Node &value = entry.second;
    if (value.IsNull()) continue;
    if (quantities && !(value.IsScalar() && is_quantity(value.Scalar())))
      fail(fmt::format("has a value that is no quantity: {}", entry.first.Scalar()));
    if (!quantities && (!value.IsScalar() || yaml::kind_of(value) != yaml::Scalar::string))
      fail(fmt::format("has a value that is not text: {}; put it in quotes", entry.first.Scalar()));
  }
  return map;
}

YAML::Node from_scalar(const Setting &setting, std::string_view text) {
  if (text.empty() && setting.default_value.empty())
    return {}; // an optional value may be set to nothing
  const Type &type = setting.type;
  switch (type.kind) {
  case Kind::string: return checked_string(type, text);
  case Kind::integer: {
    check_octal(text);
    const auto value = text::integer(text);
    if (!value) fail(shown(text) + " is not a whole number");
    check_range(type, *value);
    return yaml::integer(*value);
  }
  case Kind::boolean:
    if (text != "true" && text != "false") fail(shown(text) + " is not true or false");
    return yaml::boolean(text == "true");
  case Kind::duration: {
    const auto seconds = text::seconds(text);
    if (!seconds)
      fail(shown(text) + " is not a duration: use whole seconds, such as 90s, 5m, 1h30m or 90");
    check_range(type, seconds->count());
    return yaml::integer(seconds->count());
  }
  case Kind::quantity:
    if (!is_quantity(text)) fail(shown(text) + " is not a quantity, such as 100m, 0.5 or 64Mi");
    return yaml::string(text);
  case Kind::choice:
    if (!is_choice(type.choices, text))
      fail(fmt::format("invalid value {}: use {}", shown(text), text::alternatives(type.choices)));
    return yaml::string(text);
  case Kind::list:
    fail(fmt::format("{} is not a list: write [{}]", shown(text),
                     text.starts_with('[') ? "a, b" : text));
  case Kind::map: fail(shown(text) + " is not a map: {key: value}");
  }
  throw std::logic_error("no such kind of setting");
}

/// Refuses a node of the wrong shape, and a quoted scalar where a number or boolean is wanted.
void check_shape(const YAML::Node &node, Kind wanted) {
  std::string_view form = "one value";
  if (wanted == Kind::list) form = "a list";
  if (wanted == Kind::map) form = "a map";
  if (node.IsMap() || node.IsSequence())
    fail(fmt::format("is a {} here, and must be {}", node.IsMap() ? "map" : "list", form));
  if ((wanted == Kind::integer || wanted == Kind::boolean) && node.Tag() != "?" &&
      yaml::kind_of(node) == yaml::Scalar::string)
    fail(fmt::format("\"{}\" is a text: write it without quotes", node.Scalar()));
}

/// "Service.labels.team", a label of one object, as its three parts; none of any other key.
std::vector<std::string> parts_of(const Setting &setting, const std::string &key) {
  if (setting.key == "metadata")
    for (const std::string section : {"labels", "annotations"})
      if (const std::size_t at = key.find('.' + section + '.'); at != key.npos)
        return {key.substr(0, at), section, key.substr(at + section.size() + 2)};
  return {};
}

} // namespace

bool is_removal(const Setting &setting, std::string_view text) {
  if (text != "null" || setting.type.kind != Kind::string) return text == "null";
  try {
    checked_string(setting.type, text);
    return false;
  } catch (const std::invalid_argument &) {
    return true;
  }
}

YAML::Node from_text(const Setting &setting, std::string_view text, std::string_view where) {
  const Kind kind = setting.type.kind;
  if (is_removal(setting, text)) return {};
  if (kind != Kind::list && kind != Kind::map) return from_scalar(setting, text);
  YAML::Node node = yaml::load(text, where);
  if (kind == Kind::list ? !node.IsSequence() : !node.IsMap()) return from_scalar(setting, text);
  return kind == Kind::list ? checked_list(setting.type, node) : checked_map(setting.type, node);
}

YAML::Node from_literal(const Setting &setting, std::string_view text) {
  if (setting.type.kind == Kind::list || setting.type.kind == Kind::map)
    fail("is a list or map: --set takes it as YAML flow");
  if (is_removal(setting, text)) fail("'null' is a text here: --set or --unset removes the value");
  return from_scalar(setting, text);
}

YAML::Node default_of(const Setting &setting, std::string_view release) {
  std::string text(setting.default_value);
  if (text.empty()) return {};
  if (text == "[]") return YAML::Node(YAML::NodeType::Sequence);
  if (text == "{}") return YAML::Node(YAML::NodeType::Map);
  if (text == kOwnImage) return yaml::string(fmt::format("hello:{}", build_info().version));
  // Matching the pattern would cost a std::regex; a test checks it.
  if (setting.type.kind == Kind::string) return yaml::string(text);
  if (const std::size_t at = text.find(kReleaseName); at != text.npos)
    text.replace(at, kReleaseName.size(), release);
  if (setting.type.kind == Kind::list) return yaml::load(text, setting.key);
  return from_text(setting, text, setting.key);
}

YAML::Node from_node(const Setting &setting, const YAML::Node &node) {
  const Kind wanted = setting.type.kind;
  if (node.IsNull()) return {};
  if (wanted == Kind::list && node.IsSequence()) return checked_list(setting.type, node);
  if (wanted == Kind::map && node.IsMap()) return checked_map(setting.type, node);
  if (setting.type.is_lines && node.IsSequence()) return joined(setting.type, node);
  check_shape(node, wanted);
  // Numbers and booleans may be written as Kubernetes reads them: 0x10, True. A string takes its
  // scalar literally, so that `no` stays no.
  const std::string &text = node.Scalar();
  const yaml::Scalar kind = yaml::kind_of(node);
  if (kind == yaml::Scalar::integer && wanted == Kind::quantity) check_octal(text);
  if (kind == yaml::Scalar::integer && wanted == Kind::integer) {
    check_octal(text);
    return from_scalar(setting, yaml::to_json(node));
  }
  if (wanted == Kind::boolean && kind == yaml::Scalar::boolean)
    return yaml::boolean(yaml::to_json(node) == "true");
  return from_scalar(setting, text);
}

YAML::Node entry_from_text(const Setting &setting, const std::string &key, std::string_view text,
                           std::string_view where) {
  const bool is_text =
      setting.type.values == Type::Values::texts || !parts_of(setting, key).empty();
  return is_text ? yaml::string(text) : yaml::load(text, where);
}

YAML::Node entry_of(const Setting &setting, const std::string &key, const YAML::Node &value) {
  const auto parts = parts_of(setting, key);
  YAML::Node map(YAML::NodeType::Map);
  map.force_insert(yaml::string(parts.empty() ? key : parts[2]), value);
  return parts.empty() ? map : yaml::nested({parts[0].c_str(), parts[1].c_str()}, map);
}

bool is_removable(const Setting &setting) {
  const Kind kind = setting.type.kind;
  if (kind == Kind::list || kind == Kind::map || setting.default_value.empty()) return true;
  return kind != Kind::boolean && kind != Kind::choice && setting.type.needed.empty();
}

void check_removal(const Setting &setting) {
  if (is_removable(setting)) return;
  const std::string_view choices =
      setting.type.kind == Kind::boolean ? "true|false" : setting.type.choices;
  fail(choices.empty() ? fmt::format("cannot be null: {}", setting.type.needed)
                       : fmt::format("cannot be null: use {}, or leave the key out for the default",
                                     text::alternatives(choices)));
}

} // namespace hello::config
