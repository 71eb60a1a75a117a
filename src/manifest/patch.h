#pragma once
#include <vector>

#include <yaml-cpp/yaml.h>

#include "hello/config.h"
#include "hello/manifest.h"

namespace hello::manifest {

/// A copy of `target` changed by `patch`: null removes, maps are merged, other values replace.
/// Source: RFC 7386, section 2
YAML::Node merge_patch(const YAML::Node &target, const YAML::Node &patch);

/// Applies the setting `patches`, each to the objects that its target names.
/// Throws Error(Exit::invalid) if one is not {target: {kind, name}, patch} or its target is
/// missing.
void apply_patches(const config::Config &config, std::vector<Object> &objects);

/// The objects of the setting `extraManifests`.
/// Throws Error(Exit::invalid) if one has no apiVersion, kind or metadata.name.
std::vector<YAML::Node> extra_manifests(const config::Config &config);

} // namespace hello::manifest
