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

YAML::Node property(const Setting &setting) {
  YAML::Node out = new_map();
  std::string doc(setting.doc);
  if (!setting.unit.empty()) doc += " In " + std::string(setting.unit) + ".";
  if (std::string variable = environment_name(setting.key); !variable.empty())
    doc += " Environment: " + variable + ".";
  put(out, "description", doc);
  bool bounded = setting.min || setting.max, optional = setting.default_value.empty();
  // An optional value may be said to be nothing.
  auto pattern = [&](std::string_view one) {
    put(out, "pattern", (optional ? "^$|" : "") + std::string(one));
  };
  switch (setting.type) {
  case Type::string:
    put(out, "type", "string");
    if (setting.min) put(out, "minLength", yaml::integer(setting.min));
    if (!setting.pattern.expression.empty()) pattern(setting.pattern.expression);
    break;
  case Type::integer:
    put(out, "type", "integer");
    if (bounded)
      put(out, "minimum", yaml::integer(setting.min)),
          put(out, "maximum", yaml::integer(setting.max));
    break;
  case Type::boolean: put(out, "type", "boolean"); break;
  case Type::duration:
    put(out, "type", words({"string", "integer"}));
    pattern("^([0-9]+|([0-9]+(h|m|s|ms))+)$");
    if (bounded)
      put(out, "minimum", yaml::integer(setting.min)),
          put(out, "maximum", yaml::integer(setting.max));
    break;
  case Type::quantity:
    put(out, "type", words({"string", "number"}));
    pattern("^([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][-+]?[0-9]{1,2}|[numkMGTPE]|[KMGTPE]i)?$");
    break;
  case Type::choice: {
    YAML::Node all(YAML::NodeType::Sequence);
    for (const std::string_view choice : text::split(setting.choices, '|'))
      all.push_back(yaml::string(choice));
    if (optional) all.push_back(yaml::string(""));
    put(out, "enum", all);
    break;
  }
  case Type::list:
    put(out, "type", "array");
    if (!setting.pattern.expression.empty())
      put(out, "items", yaml::nested({"pattern"}, yaml::string(setting.pattern.expression)));
    break;
  case Type::map: put(out, "type", "object"); break;
  }
  if (!setting.default_value.empty())
    put(out, "default",
        setting.type == Type::duration ? yaml::string(setting.default_value) : default_of(setting));
  return out;
}

/// The object whose keys begin with `prefix`; "a.name" gives the key "a" its short form. Null
/// stands for a section whose keys are all commented out.
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
