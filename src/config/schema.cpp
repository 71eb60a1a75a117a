#include <regex>

#include <fmt/core.h>
#include <yaml-cpp/yaml.h>

#include "config/typed.h"
#include "hello/config.h"
#include "hello/text.h"
#include "hello/yaml.h"

namespace hello::config {
namespace {

void put(YAML::Node &map, std::string_view key, const YAML::Node &value) {
  map.force_insert(yaml::string(key), value);
}
void put(YAML::Node &map, std::string_view key, std::string_view text) {
  put(map, key, yaml::string(text));
}

YAML::Node new_map() { return YAML::Node(YAML::NodeType::Map); }

/// The words, which have blanks between.
YAML::Node words(std::string_view all) {
  YAML::Node out(YAML::NodeType::Sequence);
  for (std::string_view word : text::words(all)) out.push_back(yaml::string(word));
  return out;
}

std::string description(const Setting &setting) {
  std::string out(setting.doc);
  if (!setting.type.unit.empty()) out += fmt::format(" In {}.", setting.type.unit);
  if (const std::string variable = environment_name(setting.key); !variable.empty())
    out += fmt::format(" Environment: {}.", variable);
  return out;
}

void put_range(YAML::Node &map, const Type &type) {
  put(map, "minimum", yaml::integer(type.min));
  put(map, "maximum", yaml::integer(type.max));
}

/// The types of a text. One that looks like a number or a boolean needs no quotes, if the pattern
/// takes any like it.
std::string text_types(const Pattern &pattern) {
  if (pattern.expression.empty()) return "string number boolean";
  const std::regex expression(pattern.expression.data(), pattern.expression.size());
  const auto takes = [&](std::string_view text) {
    return std::regex_search(text.begin(), text.end(), expression);
  };
  std::string out = "string";
  if (takes("1") || takes("1.30")) out += " number";
  if (takes("true")) out += " boolean";
  return out;
}

/// The keywords for a text that the pattern takes, beside `types`.
void put_text(YAML::Node &out, const Pattern &pattern, std::string_view before,
              std::string_view types) {
  put(out, "type", words(fmt::format("{} {}", text_types(pattern), types)));
  if (pattern.expression.empty()) return;
  put(out, "pattern", fmt::format("{}{}", before, pattern.expression));
  put(out, "maxLength", yaml::integer(kLongestMatched));
}

constexpr std::string_view kQuantity =
    "^([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][-+]?[0-9]{1,2}|[numkMGTPE]|[KMGTPE]i)?$";

void put_quantity(YAML::Node &out, std::string_view before, std::string_view null) {
  put(out, "type", words(fmt::format("string number {}", null)));
  put(out, "pattern", fmt::format("{}{}", before, kQuantity));
  put(out, "minimum", yaml::integer(0));
}

/// Of a map that merges.
YAML::Node map_value(const Type &type) {
  YAML::Node out = new_map();
  if (type.values == Type::Values::quantities) put_quantity(out, "", "null");
  if (type.values == Type::Values::texts) put(out, "type", words("string null"));
  return out;
}

/// Of a map with the keys of the type.
void put_keys(YAML::Node &out, const Type &type) {
  YAML::Node properties = new_map();
  for (const std::string_view key : text::split(type.choices, '|')) put(properties, key, new_map());
  put(out, "properties", properties);
  put(out, "additionalProperties", yaml::boolean(false));
}

YAML::Node choices(const Setting &setting) {
  YAML::Node out(YAML::NodeType::Sequence);
  for (const std::string_view choice : text::split(setting.type.choices, '|'))
    out.push_back(yaml::string(choice));
  if (setting.default_value.empty()) out.push_back(yaml::string(""));
  if (is_removable(setting)) out.push_back(YAML::Node());
  return out;
}

/// The keywords for the values that the setting takes.
void put_type(YAML::Node &out, const Setting &setting) {
  const Type &type = setting.type;
  // An optional value may be set to nothing.
  const std::string_view nothing = setting.default_value.empty() ? "^$|" : "";
  const std::string_view null = is_removable(setting) ? "null" : "";
  switch (type.kind) {
  case Kind::string:
    put_text(out, type.pattern, nothing, fmt::format("{} {}", type.is_lines ? "array" : "", null));
    if (type.max) put(out, "maxLength", yaml::integer(type.max));
    if (type.is_lines) {
      YAML::Node line = yaml::nested({"type"}, words("string number boolean"));
      put(line, "pattern", "^[^\n]*$(?!\n)"); // "$" also matches before a last \n in some languages
      put(out, "items", line);
    }
    break;
  case Kind::integer:
    put(out, "type", words(fmt::format("integer {}", null)));
    put_range(out, type);
    break;
  case Kind::boolean: put(out, "type", "boolean"); break;
  case Kind::duration:
    put(out, "type", words(fmt::format("string integer {}", null)));
    put(out, "pattern", fmt::format("{}^([0-9]+|([0-9]+(d|h|m|s|ms))+)$", nothing));
    put_range(out, type);
    break;
  case Kind::quantity: put_quantity(out, nothing, null); break;
  case Kind::choice: put(out, "enum", choices(setting)); break;
  case Kind::list:
    put(out, "type", words("array null"));
    if (!type.pattern.expression.empty()) {
      YAML::Node item = new_map();
      put_text(item, type.pattern, "", "");
      put(out, "items", item);
    } else if (!type.choices.empty()) {
      YAML::Node item = new_map();
      put(item, "type", words(type.is_stacked ? "object null" : "object"));
      put_keys(item, type);
      put(out, "items", item);
    }
    break;
  case Kind::map:
    put(out, "type", words("object null"));
    if (!type.choices.empty())
      put_keys(out, type);
    else if (type.is_stacked)
      put(out, "additionalProperties", map_value(type));
    break;
  }
}

YAML::Node property(const Setting &setting) {
  YAML::Node out = new_map();
  put(out, "description", description(setting));
  put_type(out, setting);
  if (setting.type.kind == Kind::duration && !setting.default_value.empty())
    put(out, "default", setting.default_value);
  else if (!setting.default_value.empty())
    put(out, "default", default_of(setting));
  return out;
}

/// The object of the keys that begin with `prefix`. Where there is a key "a.name", "a" may also be
/// a scalar. A section may be null: all its keys may be commented out.
YAML::Node object(const std::string &prefix) {
  YAML::Node out = new_map(), properties = new_map();
  put(out, "type", words("object null"));
  put(out, "additionalProperties", yaml::boolean(false));
  std::string section;
  for (const Setting &setting : settings()) {
    if (!setting.key.starts_with(prefix)) continue;
    std::string_view rest = setting.key.substr(prefix.size());
    std::size_t dot = rest.find('.');
    if (dot == rest.npos) {
      put(properties, rest, property(setting));
    } else if (std::string name(rest.substr(0, dot)); name != section) {
      section = name;
      YAML::Node inner = object(prefix + name + ".");
      const Setting *short_form = nullptr;
      for (const Setting &candidate : settings())
        if (candidate.key == prefix + name + ".name") short_form = &candidate;
      if (short_form) {
        YAML::Node either = new_map(), forms(YAML::NodeType::Sequence);
        forms.push_back(property(*short_form));
        forms.push_back(inner);
        put(either, "anyOf", forms);
        inner.reset(either);
      }
      put(properties, name, inner);
    }
  }
  put(out, "properties", properties);
  if (prefix.empty()) put(out, "patternProperties", yaml::nested({"^x-"}, new_map()));
  return out;
}

} // namespace

std::string schema() {
  YAML::Node overlays = new_map(), reference = new_map(), definitions = new_map();
  put(reference, "$ref", "#/definitions/overlay");
  put(overlays, "description",
      "Overlays: `--context NAME` puts the keys of contexts.NAME over those of the file.");
  put(overlays, "type", words("object null"));
  put(overlays, "additionalProperties", reference);
  YAML::Node overlay = object(""), out = object(""), head = new_map();
  put(definitions, "overlay", overlay);
  put(head, "$schema", "http://json-schema.org/draft-07/schema#");
  put(head, "title", "hello.yaml");
  for (auto entry : out) put(head, entry.first.Scalar(), entry.second);
  head["properties"].force_insert(yaml::string("contexts"), overlays);
  put(head, "definitions", definitions);
  return yaml::to_json(head, 2) + "\n";
}

} // namespace hello::config
