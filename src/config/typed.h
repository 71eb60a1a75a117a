#pragma once
#include <string_view>

#include <yaml-cpp/yaml.h>

#include "hello/config.h"
#include "hello/names.h"

/// Reads values by the type of their setting.
namespace hello::config {

/// Whether a flag or variable with that text removes the value: "null", unless the setting takes
/// that as a text.
bool is_removal(const Setting &setting, std::string_view text);

/// The value that `text` gives to `setting`, as a node of its type. Lists and maps are YAML; other
/// texts are taken literally, but see is_removal(). Throws
/// std::invalid_argument with the reason for a text of the wrong form, Error for invalid YAML
/// (`where` is its name there).
YAML::Node from_text(const Setting &setting, std::string_view text, std::string_view where);

/// The default of the setting for a release of that name; a null node if it has none. A test
/// checks that it is valid.
YAML::Node default_of(const Setting &setting, std::string_view release = names::kDefault);

/// from_text() for a text that is never null and never YAML (--set-string).
YAML::Node from_literal(const Setting &setting, std::string_view text);

/// from_text() for a node of a file, where null is always null.
YAML::Node from_node(const Setting &setting, const YAML::Node &node);

/// The value of one entry of a map that merges (--set labels.team=web).
YAML::Node entry_from_text(const Setting &setting, const std::string &key, std::string_view text,
                           std::string_view where);
/// The map with that entry alone. A key of `metadata` may go deeper: Service.labels.team.
YAML::Node entry_of(const Setting &setting, const std::string &key, const YAML::Node &value);

/// Longest text that is matched with a pattern: std::regex recurses once a character.
inline constexpr std::size_t kLongestMatched = 2048;

/// Throws std::invalid_argument with the reason if null cannot remove the setting's value.
void check_removal(const Setting &setting);
/// Whether null can.
bool is_removable(const Setting &setting);

} // namespace hello::config
