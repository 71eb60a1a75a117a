#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

#include <yaml-cpp/yaml.h>

#include "hello/config.h"

/// Values of the types that a setting can have.
namespace hello::config {

/// Seconds of "90s", "5m", "1h30m", "2000ms" or plain "90"; none if it is no whole number of
/// seconds, or too large.
std::optional<std::int64_t> parse_duration(std::string_view text);

/// Whether Kubernetes takes `text` for a quantity that is not negative: "100m", "64Mi", "1.5",
/// "1e3".
bool is_quantity(std::string_view text);

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
