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

YAML::Node words(std::initializer_list<std::string_view> all) {
  YAML::Node out(YAML::NodeType::Sequence);
  for (std::string_view word : all) out.push_back(yaml::string(word));
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

YAML::Node choices(const Setting &setting) {
  YAML::Node out(YAML::NodeType::Sequence);
  for (const std::string_view choice : text::split(setting.type.choices, '|'))
    out.push_back(yaml::string(choice));
  if (setting.default_value.empty()) out.push_back(yaml::string(""));
  return out;
}

/// The keywords for the values that the setting takes.
void put_type(YAML::Node &out, const Setting &setting) {
  const Type &type = setting.type;
  // An optional value may be set to nothing.
  const std::string nothing = setting.default_value.empty() ? "^$|" : "";
  const std::string pattern(type.pattern.expression);
  switch (type.kind) {
  case Kind::string:
    put(out, "type", "string");
    if (!pattern.empty()) put(out, "pattern", nothing + pattern);
    break;
  case Kind::integer:
    put(out, "type", "integer");
    put_range(out, type);
    break;
  case Kind::boolean: put(out, "type", "boolean"); break;
  case Kind::duration:
    put(out, "type", words({"string", "integer"}));
    put(out, "pattern", nothing + "^([0-9]+|([0-9]+(h|m|s|ms))+)$");
    put_range(out, type);
    break;
  case Kind::quantity:
    put(out, "type", words({"string", "number"}));
    put(out, "pattern",
        nothing + "^([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][-+]?[0-9]{1,2}|[numkMGTPE]|[KMGTPE]i)?$");
    break;
  case Kind::choice: put(out, "enum", choices(setting)); break;
  case Kind::list:
    put(out, "type", "array");
    if (!pattern.empty()) put(out, "items", yaml::nested({"pattern"}, yaml::string(pattern)));
    break;
  case Kind::map: put(out, "type", "object"); break;
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
  put(out, "type", words({"object", "null"}));
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
  return out;
}

} // namespace

std::string schema() {
  YAML::Node overlays = new_map(), reference = new_map(), definitions = new_map();
  put(reference, "$ref", "#/definitions/overlay");
  put(overlays, "description",
      "Overlays: `--context NAME` puts the keys of contexts.NAME over those of the file.");
  put(overlays, "type", words({"object", "null"}));
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
