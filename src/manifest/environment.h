#pragma once
#include <yaml-cpp/yaml.h>

#include "hello/config.h"

namespace hello::manifest {

/// The container's variables besides MESSAGES: the setting `env`, and what the service should know
/// of its place. Throws Error(Exit::invalid) for a value that is not text: the API server's error
/// would name its own fields, not the setting.
YAML::Node environment(const config::Config &config);

} // namespace hello::manifest
