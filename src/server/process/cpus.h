#pragma once
#include <string>

namespace hello::server {

/// How many CPUs this process may use: its affinity, and the quotas of its control group and those
/// above it (v1 and v2), rounded up. At least 1. `root` stands before /proc and /sys, for tests.
unsigned usable_cpus(const std::string &root = "");

} // namespace hello::server
