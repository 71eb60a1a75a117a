#pragma once
#include <string>

namespace hello::server {

/// Returns how many CPUs this process may use: the smallest of its affinity and of the quotas of
/// its control group and the group's parents (v1 and v2), rounded up; at least 1. `root` is put in
/// front of /proc and /sys, for tests.
unsigned usable_cpus(const std::string &root = "");

} // namespace hello::server
