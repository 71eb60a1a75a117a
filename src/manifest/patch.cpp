#include "manifest/patch.h"

#include <stdexcept>

#include <fmt/core.h>
#include <yaml-cpp/yaml.h>

#include "hello/error.h"
#include "hello/yaml.h"
#include "manifest/values.h"

namespace hello::manifest {
namespace {

using yaml::text;

/// An item of `patches`, as far as it is valid.
class Patch {
public:
  /// `n` counts from 1.
  Patch(const config::Config &config, const YAML::Node &node, std::size_t n)
      : config_(config), node_(node), n_(n), type_(text(node, "type")),
        kind_(text(node, "target", "kind")), name_(text(node, "target", "name")) {
    if (type_.empty()) type_ = "merge";
    check();
  }

  bool matches(const Object &object) const {
    return object.kind == kind_ && (name_.empty() || object.name == name_);
  }

  YAML::Node apply_to(const Object &object) const {
    YAML::Node after;
    try {
      after.reset(changed(object));
    } catch (const std::invalid_argument &error) {
      wrong(fmt::format("cannot be applied to {}/{}: {}", object.kind, object.name, error.what()));
    }
    const auto same = [&](std::initializer_list<const char *> keys, std::string_view field) {
      if (text(after, keys) != text(object.node, keys))
        wrong(fmt::format("changes {} of {}/{}, which no patch may", field, object.kind,
                          object.name));
    };
    same({"apiVersion"}, "apiVersion");
    same({"kind"}, "kind");
    same({"metadata", "name"}, "metadata.name");
    same({"metadata", "namespace"}, "metadata.namespace");
    return after;
  }

  /// Whether lists of the object replace, though they should merge.
  bool is_blind(const Object &object) const {
    return type_ == "apply" && !types::of_kind(object.api_version, object.kind).is_known();
  }

  /// "patch 2 (hello.yaml:9:3)"
  std::string label() const {
    const auto entries = config_.entries("patches");
    return fmt::format("patch {} ({})", n_, entries[n_ - 1].origin.where);
  }

  std::string target() const { return name_.empty() ? kind_ : kind_ + "/" + name_; }

  [[noreturn]] void wrong(const std::string &why, const std::string &hint = {}) const {
    throw Error(Exit::invalid, fmt::format("{}: {}", label(), why), hint);
  }

private:
  void check() const {
    constexpr std::string_view kForm =
        "{target: {kind: Deployment, name: hello}, type: merge, patch: {…}}";
    const auto bad = [&](const std::string &why) { wrong(why, std::string(kForm)); };
    if (kind_.empty()) bad("has no target.kind");
    for (const YAML::Node &one : {yaml::at(node_, {"target", "name"}), yaml::at(node_, {"type"})})
      if (one.IsMap() || one.IsSequence()) bad("target.name and type must be texts");
    for (const auto &entry : yaml::at(node_, {"target"}))
      if (const auto key = entry.first.Scalar(); key != "kind" && key != "name")
        bad("has an unknown key: target." + key);
    if (type_ != "merge" && type_ != "apply" && type_ != "json")
      bad(fmt::format("invalid type '{}': use merge, apply or json", type_));
    const YAML::Node patch = yaml::at(node_, {"patch"});
    if (type_ == "json" && !patch.IsSequence()) bad("has no patch, which is a list of operations");
    if (type_ != "json" && !patch.IsMap()) bad("has no patch, which is a map");
  }

  YAML::Node changed(const Object &object) const {
    const YAML::Node patch = yaml::at(node_, {"patch"});
    if (type_ == "json") return json_patch(object.node, patch);
    if (type_ == "merge") return merge_patch(object.node, patch);
    return apply_patch(object.node, patch, types::of_kind(object.api_version, object.kind));
  }

  const config::Config &config_;
  YAML::Node node_;
  std::size_t n_;
  std::string type_, kind_, name_;
};

} // namespace

void apply_patches(const config::Config &config, std::vector<Object> &objects,
                   const std::vector<templates::Filled> &filled,
                   std::vector<std::string> *warnings) {
  if (!config.has("patches")) return;
  const std::vector<Object> before = objects;
  LostSettings lost(config, filled, warnings);
  std::size_t n = 0;
  for (const YAML::Node &item : config.node("patches")) {
    const Patch patch(config, item, ++n);
    bool found = false;
    for (std::size_t i = 0; i < objects.size(); ++i) {
      Object &object = objects[i];
      if (!patch.matches(object)) continue;
      found = true;
      object.node.reset(patch.apply_to(object));
      lost.compare(object, before[i].node, object.node, patch.label());
      if (warnings && patch.is_blind(object))
        warnings->push_back(fmt::format("{}: the lists of {} are not known here: they replace",
                                        patch.label(), patch.target()));
    }
    if (!found)
      patch.wrong(fmt::format("the manifests have no {}", patch.target()),
                  "run 'hello render' to see the manifests");
  }
}

std::vector<YAML::Node> extra_manifests(const config::Config &config) {
  std::vector<YAML::Node> result;
  for (const YAML::Node &item : config.node("extraManifests")) {
    const auto wrong = [&](const std::string &why, const std::string &hint = {}) {
      const std::size_t at = result.size();
      throw Error(Exit::invalid,
                  fmt::format("extra manifest {} ({}) {}", at + 1,
                              config.entries("extraManifests")[at].origin.where, why),
                  hint);
    };
    if (item.IsMap() && yaml::text(item, "metadata", "name").empty() &&
        !yaml::text(item, "metadata", "generateName").empty())
      wrong("has metadata.generateName: each deploy would make another object",
            "give it a metadata.name");
    const auto is_text = [&](const char *key) {
      return !text(item, key).empty() && yaml::kind_of(item[key]) == yaml::Scalar::string;
    };
    const bool whole = item.IsMap() && is_text("apiVersion") && is_text("kind") &&
                       item["metadata"] && item["metadata"].IsMap() &&
                       !text(item, "metadata", "name").empty();
    if (!whole) wrong("is not a Kubernetes object: apiVersion, kind or metadata.name is missing");
    for (const char *key : {"labels", "annotations"})
      if (const YAML::Node map = yaml::at(item, {"metadata", key});
          map.IsDefined() && !map.IsNull() && !map.IsMap())
        wrong(fmt::format("has metadata.{} that are not a map", key));
    result.push_back(item);
  }
  return result;
}

} // namespace hello::manifest
