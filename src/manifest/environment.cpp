#include "manifest/environment.h"

#include <fmt/core.h>
#include <yaml-cpp/yaml.h>

#include "hello/names.h"
#include "hello/yaml.h"
#include "manifest/values.h"

namespace hello::manifest {
namespace {

using config::Config;

void check_text(const Config &config, std::string_view key, const std::string &name,
                const YAML::Node &value) {
  if (!value.IsScalar() || yaml::kind_of(value) != yaml::Scalar::string)
    refuse(config, key, fmt::format("has a value that is not text: {}", name), "put it in quotes");
}

/// Adds a variable of the downward API, unless the release sets it itself.
void add_fact(YAML::Node &list, const YAML::Node &own, const char *name, const char *field) {
  for (const YAML::Node &item : own)
    if (yaml::text(item, "name") == name) return;
  YAML::Node fact = yaml::nested({"valueFrom", "fieldRef", "fieldPath"}, yaml::string(field));
  YAML::Node variable;
  variable["name"] = yaml::string(name);
  variable["valueFrom"] = fact["valueFrom"];
  list.push_back(variable);
}

/// Tells the service its release, which the metric hello_build_info names. It is "hello" by itself.
/// A variable, not a flag: older images ignore it.
void add_release(const Config &config, YAML::Node &list, const YAML::Node &own) {
  if (config.text("name") == names::kDefault) return;
  for (const YAML::Node &item : own)
    if (yaml::text(item, "name") == "HELLO_RELEASE") return;
  YAML::Node variable;
  variable["name"] = yaml::string("HELLO_RELEASE");
  variable["value"] = config.node("name");
  list.push_back(variable);
}

} // namespace

YAML::Node environment(const Config &config) {
  YAML::Node list;
  const YAML::Node own = config.node("env");
  add_release(config, list, own);
  if (config.boolean("echo.enabled")) add_fact(list, own, "NODE_NAME", "spec.nodeName");
  if (config.boolean("drills.enabled")) add_fact(list, own, "POD_UID", "metadata.uid");
  for (const YAML::Node &item : own) {
    if (const YAML::Node value = yaml::at(item, {"value"}); value.IsDefined() && !value.IsNull())
      check_text(config, "env", yaml::text(item, "name"), value);
    list.push_back(item);
  }
  return list;
}

} // namespace hello::manifest
