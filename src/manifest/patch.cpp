#include "manifest/patch.h"

#include <fmt/core.h>
#include <yaml-cpp/yaml.h>

#include "hello/yaml.h"
#include "manifest/values.h"

namespace hello::manifest {
namespace {

using yaml::text;

void check_patch(const config::Config &config, const YAML::Node &patch, std::size_t n) {
  const auto wrong = [&](const std::string &why) {
    refuse(config, "patches", fmt::format("item {} {}", n, why),
           "{target: {kind: Deployment, name: hello}, patch: {…}}");
  };
  if (!patch.IsMap()) wrong("is not a map");
  for (const auto &entry : patch)
    if (const auto key = entry.first.Scalar(); key != "target" && key != "patch")
      wrong("has an unknown key: " + key);
  if (!patch["target"] || !patch["target"].IsMap() || text(patch, "target", "kind").empty())
    wrong("has no target.kind");
  for (const auto &entry : patch["target"])
    if (const auto key = entry.first.Scalar(); key != "kind" && key != "name")
      wrong("has an unknown key: target." + key);
  if (!patch["patch"] || !patch["patch"].IsMap()) wrong("has no patch, which is a map");
}

} // namespace

YAML::Node merge_patch(const YAML::Node &target, const YAML::Node &patch) {
  if (!patch.IsMap()) return YAML::Clone(patch);
  YAML::Node result(YAML::NodeType::Map);
  if (target && target.IsMap())
    for (const auto &entry : target) {
      const YAML::Node change = patch[entry.first.Scalar()];
      if (!change)
        result.force_insert(entry.first, entry.second);
      else if (!change.IsNull())
        result.force_insert(entry.first, merge_patch(entry.second, change));
    }
  for (const auto &entry : patch)
    if (!entry.second.IsNull() && !(target && target.IsMap() && target[entry.first.Scalar()]))
      result.force_insert(entry.first, merge_patch({}, entry.second));
  return result;
}

void apply_patches(const config::Config &config, std::vector<Object> &objects) {
  std::size_t n = 0;
  for (const YAML::Node &item : config.node("patches")) {
    check_patch(config, item, ++n);
    const std::string kind = text(item, "target", "kind"), name = text(item, "target", "name");
    bool found = false;
    for (Object &object : objects)
      if (object.kind == kind && (name.empty() || object.name == name)) {
        object.node.reset(merge_patch(object.node, item["patch"]));
        found = true;
      }
    if (!found)
      refuse(config, "patches",
             fmt::format("item {}: there is no {}{}{} in the set", n, kind, name.empty() ? "" : "/",
                         name),
             "hello render shows what there is");
  }
}

namespace {

/// The items of the setting; those of a List one by one.
std::vector<YAML::Node> items_of(const YAML::Node &list) {
  std::vector<YAML::Node> result;
  for (const YAML::Node &item : list)
    if (item.IsMap() && text(item, "kind") == "List" && text(item, "apiVersion") == "v1")
      for (const YAML::Node &inner : items_of(yaml::at(item, {"items"}))) result.push_back(inner);
    else
      result.push_back(item);
  return result;
}

} // namespace

std::vector<YAML::Node> extra_manifests(const config::Config &config) {
  std::vector<YAML::Node> result;
  for (const YAML::Node &item : items_of(config.node("extraManifests"))) {
    if (item.IsMap() && !yaml::text(item, "metadata", "generateName").empty())
      refuse(config, "extraManifests",
             fmt::format("item {} has metadata.generateName: each deploy would make another object",
                         result.size() + 1),
             "give it a metadata.name");
    const bool whole = item.IsMap() && !text(item, "apiVersion").empty() &&
                       !text(item, "kind").empty() && item["metadata"] &&
                       item["metadata"].IsMap() && !text(item, "metadata", "name").empty();
    if (!whole)
      refuse(config, "extraManifests",
             fmt::format(
                 "item {} is no Kubernetes object: apiVersion, kind or metadata.name is missing",
                 result.size() + 1));
    for (const char *key : {"labels", "annotations"})
      if (const YAML::Node map = yaml::at(item, {"metadata", key});
          map.IsDefined() && !map.IsNull() && !map.IsMap())
        refuse(config, "extraManifests",
               fmt::format("item {}: metadata.{} is not a map", result.size() + 1, key));
    result.push_back(item);
  }
  return result;
}

} // namespace hello::manifest
