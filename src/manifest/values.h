#pragma once
#include <optional>
#include <string>
#include <string_view>

#include <yaml-cpp/yaml.h>

#include "hello/config.h"
#include "hello/template.h"

namespace hello::manifest {

/// A value that templates can use: a setting, or one derived from settings. None if the name is
/// unknown. Throws Error(Exit::invalid) for an invalid value.
std::optional<YAML::Node> value(const config::Config &config, std::string_view name);

/// The template `file` with its values filled in; `values` receives where they stand.
/// Throws Error(Exit::invalid) like value(), and for a required value that is not set.
YAML::Node filled(const config::Config &config, std::string_view file,
                  std::vector<templates::Filled> *values = nullptr);

/// Throws Error(Exit::invalid) for settings that contradict each other, naming both.
void check_together(const config::Config &config);

/// Throws Error(Exit::invalid) about the value of `key`, with its origin.
[[noreturn]] void refuse(const config::Config &config, std::string_view key, const std::string &why,
                         const std::string &hint = {});

/// 30 for the kubeVersion 1.30.
int kube_minor_number(const config::Config &config);

/// Whether the set must do without the native sleep in preStop, which came with Kubernetes 1.30.
bool before_1_30(const config::Config &config);

} // namespace hello::manifest
