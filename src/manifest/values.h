#pragma once
#include <optional>
#include <string>
#include <string_view>

#include <yaml-cpp/yaml.h>

#include "hello/config.h"

namespace hello::manifest {

/// What a template may name: the value of a setting, or one that is worked out from several.
/// None: there is no such name. Throws Error(Exit::invalid) for a value that cannot be.
std::optional<YAML::Node> value(const config::Config &config, std::string_view name);

/// The template `file` with its values filled in.
/// Throws Error(Exit::invalid) as value() does, and for one that is needed and not set.
YAML::Node filled(const config::Config &config, std::string_view file);

/// Settings that are right one by one and wrong together. Throws Error(Exit::invalid), naming both.
void check_together(const config::Config &config);

/// Error(Exit::invalid) about the value of `key`, with where that came from.
[[noreturn]] void refuse(const config::Config &config, std::string_view key, const std::string &why,
                         const std::string &hint = {});

/// Whether the set must do without what Kubernetes has since 1.30 only (the native sleep in
/// preStop).
bool before_1_30(const config::Config &config);

/// A map of texts, as labels and annotations are. Throws Error(Exit::invalid) where one is a number
/// or a boolean.
YAML::Node text_map(const config::Config &config, std::string_view key);

/// A peer of a NetworkPolicy: all pods of a namespace.
YAML::Node pods_of(const std::string &ns);

} // namespace hello::manifest
