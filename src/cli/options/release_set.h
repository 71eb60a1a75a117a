#pragma once
#include <span>
#include <vector>

#include "hello/history.h"
#include "hello/lint.h"
#include "hello/manifest.h"

/// From manifests, which people write as YAML, to sets, which the cluster takes and gives as JSON,
/// and back.
namespace hello::cli {

/// The objects of a configuration. Prints warnings of settings that do nothing.
std::vector<manifest::Object> rendered(const config::Config &config,
                                       std::span<const std::string> with = {});

/// The set of a configuration, and a warning for the end of the command; may be empty.
struct Linted {
  release::Set set;
  std::string last_warning;
};

/// Prints lint's other warnings; throws Error(Exit::invalid) with its errors, except for the rules
/// in `allow`. `parser`: see manifest::lint().
Linted linted_set(const config::Config &config, const std::vector<std::string> &allow,
                  manifest::ArgumentParser parser);

/// From now on no value of the configuration's Secrets is printed: for commands that apply nothing.
void mask_secrets(const config::Config &config);

release::Set set_of(std::span<const manifest::Object> objects);
std::vector<manifest::Object> objects_of(const release::Set &set);

} // namespace hello::cli
