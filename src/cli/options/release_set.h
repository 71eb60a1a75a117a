#pragma once
#include <span>
#include <vector>

#include "hello/history.h"
#include "hello/manifest.h"

/// From manifests, which people write as YAML, to sets, which the cluster takes and gives as JSON,
/// and back.
namespace hello::cli {

/// The set of a configuration. Prints lint's warnings; throws Error(Exit::invalid) with its errors,
/// except for the rules in `allow`.
release::Set linted_set(const config::Config &config, const std::vector<std::string> &allow);

release::Set set_of(std::span<const manifest::Object> objects);
std::vector<manifest::Object> objects_of(const release::Set &set);

} // namespace hello::cli
