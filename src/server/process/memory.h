#pragma once
#include <cstddef>
#include <string>

namespace hello::server {

/// Returns how much memory this process may use, in bytes: the lowest limit of its control group
/// and the group's parents (v1 and v2). Without one, a quarter of the machine's memory, but at most
/// 512 MiB. `root` is put in front of /proc and /sys, for tests.
std::size_t memory_limit_bytes(const std::string &root = "");

/// Returns how much memory the control group uses now that has the lowest limit, or this process
/// where there is no group: pages of files that can be dropped are left out as far as they are
/// known.
std::size_t memory_used_bytes(const std::string &root = "");

} // namespace hello::server
