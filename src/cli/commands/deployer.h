#pragma once
#include <span>
#include <string>
#include <vector>

#include "hello/config.h"
#include "hello/manifest.h"

namespace hello::cli {

/// The objects of the account that deploys a set, for an administrator to apply: those of the
/// templates, then what extraManifests need besides. Rights on Secrets and on what is outside the
/// release's namespace are for the set's own objects only, but for create, which RBAC cannot bind
/// to names. `notes`: what no Role can give, and rules that it cannot know.
std::vector<manifest::Object> deployer(const config::Config &config,
                                       std::span<const manifest::Object> set,
                                       std::vector<std::string> &notes);

} // namespace hello::cli
