#pragma once
#include <string>
#include <string_view>
#include <vector>

#include <yaml-cpp/yaml.h>

#include "hello/config.h"
#include "hello/manifest.h"
#include "manifest/lost.h"
#include "manifest/types.h"

namespace hello::manifest {

/// A copy of `target` changed by `patch`: null removes, maps are merged, other values replace.
/// Source: RFC 7386, section 2
YAML::Node merge_patch(const YAML::Node &target, const YAML::Node &patch);

/// The same, but lists whose items merge by `type` do: by keys, or as a set. What the API replaces
/// as a whole is replaced. Of an unknown type, maps merge and lists replace. `target` stays as it
/// is. Throws std::invalid_argument for an item without a key; `path` is that of the value.
YAML::Node apply_patch(const YAML::Node &target, const YAML::Node &patch, types::Type type,
                       const std::string &path = {});

/// A copy of `target` changed by a list of operations. Throws std::invalid_argument for one that is
/// wrong, or fails.
/// Source: RFC 6902
YAML::Node json_patch(const YAML::Node &target, const YAML::Node &operations);

/// Applies the setting `patches` in order, each to the objects that its target names, and warns of
/// settings that are lost. Throws Error(Exit::invalid) if one has not the form {target: {kind,
/// name}, type, patch}, cannot be applied, or changes what an object is, or if its target is
/// missing.
void apply_patches(const config::Config &config, std::vector<Object> &objects,
                   const std::vector<templates::Filled> &filled,
                   std::vector<std::string> *warnings);

/// The objects of the setting `extraManifests`.
/// Throws Error(Exit::invalid) if one has no apiVersion, kind or metadata.name.
std::vector<YAML::Node> extra_manifests(const config::Config &config);

} // namespace hello::manifest
