#pragma once
#include <yaml-cpp/yaml.h>

namespace hello::yaml {

/// A copy in which every node is its own: YAML::Clone keeps those that are in several places, and
/// a change in one place then changes the others.
YAML::Node copy(const YAML::Node &node);

} // namespace hello::yaml
