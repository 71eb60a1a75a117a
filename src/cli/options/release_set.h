#pragma once
#include <span>
#include <vector>

#include "hello/history.h"
#include "hello/manifest.h"

/// The border between manifests, which people write as YAML, and what the cluster takes and gives
/// as JSON.
namespace hello::cli {

release::Set set_of(std::span<const manifest::Object> objects);
std::vector<manifest::Object> objects_of(const release::Set &set);

} // namespace hello::cli
