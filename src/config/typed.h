#pragma once
#include <string_view>

#include <yaml-cpp/yaml.h>

#include "hello/config.h"

/// Values of the types that a setting can have.
namespace hello::config {

/// The value of `setting` that `text` says literally: a node of the setting's own type; a list or
/// map is YAML. Throws std::invalid_argument saying why it cannot be, Error for YAML that is none
/// (`where` is its name).
YAML::Node from_text(const Setting &setting, std::string_view text, std::string_view where);

/// The setting's default; a null node if it has none. Throws as from_text(): a mistake of ours,
/// found by a test.
YAML::Node default_of(const Setting &setting);

/// The same for a node of a file.
YAML::Node from_node(const Setting &setting, const YAML::Node &node);

} // namespace hello::config
