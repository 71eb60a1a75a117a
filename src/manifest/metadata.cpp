#include "manifest/metadata.h"

#include <fmt/core.h>
#include <yaml-cpp/node/iterator.h>
#include <yaml-cpp/yaml.h>

#include "hello/names.h"
#include "hello/yaml.h"
#include "manifest/values.h"

namespace hello::manifest {
namespace {

using config::Config;

constexpr const char *kKey = "metadata";

/// Labels and annotations, as texts.
void check_form(const Config &config, const std::string &target, const YAML::Node &given) {
  const auto wrong = [&](const std::string &why) {
    refuse(config, kKey, fmt::format("{}: {}", target, why),
           "{Service: {annotations: {key: value}}}");
  };
  if (!given.IsMap()) wrong("is not a map of labels and annotations");
  for (const auto &section : given) {
    const std::string &name = section.first.Scalar();
    if (name != "labels" && name != "annotations") wrong("has an unknown key: " + name);
    if (section.second.IsNull()) continue;
    if (!section.second.IsMap()) wrong(name + " is not a map");
    for (const auto &entry : section.second) {
      const std::string &key = entry.first.Scalar();
      if (!entry.second.IsScalar() || yaml::kind_of(entry.second) != yaml::Scalar::string)
        wrong(fmt::format("has a value that is not text: {}", key));
      if (name == "labels" &&
          (key == names::kName || key == names::kInstance || key == names::kManagedBy))
        wrong(fmt::format("has {}, which hello itself sets", key));
    }
  }
}

void add(Object &object, const char *section, const YAML::Node &given,
         std::vector<templates::Filled> *values) {
  if (given.size() == 0) return;
  YAML::Node metadata = object.node["metadata"];
  YAML::Node result(YAML::NodeType::Map);
  for (const auto &entry : yaml::at(metadata, {section}))
    if (!yaml::at(given, {entry.first.Scalar().c_str()}).IsDefined())
      result.force_insert(entry.first, entry.second);
  for (const auto &entry : given) {
    const YAML::Node value = YAML::Clone(entry.second);
    result.force_insert(yaml::string(entry.first.Scalar()), value);
    if (values) values->push_back({kKey, value});
  }
  metadata[section] = result;
}

} // namespace

void add_metadata(const Config &config, std::vector<Object> &objects,
                  std::vector<templates::Filled> *values) {
  for (const auto &one : config.node(kKey)) {
    const std::string &target = one.first.Scalar();
    check_form(config, target, one.second);
    bool found = false;
    for (Object &object : objects) {
      if (target != object.kind && target != object.kind + "/" + object.name) continue;
      found = true;
      for (const char *section : {"labels", "annotations"})
        add(object, section, yaml::at(one.second, {section}), values);
    }
    if (!found)
      refuse(config, kKey, fmt::format("names {}, which is not in the set", target),
             "hello render shows what there is");
  }
}

} // namespace hello::manifest
