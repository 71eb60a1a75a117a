#pragma once
#include <functional>
#include <sstream>
#include <string>
#include <string_view>

namespace hello::server {

/// A small file of the kernel, empty if it cannot be read. The standard library's file streams use
/// system calls that the sandbox does not allow.
std::istringstream kernel_file(const std::string &path);

enum class CgroupVersion { v1, v2 };

/// Calls `visit` with the folder of this process's control group for `controller` ("cpu",
/// "memory"), then with those of its parents, for v1 and v2 as far as they are mounted: a limit of
/// any of them counts. `root` is put in front of /proc and /sys, for tests.
void visit_cgroups(const std::string &root, std::string_view controller,
                   const std::function<void(const std::string &folder, CgroupVersion)> &visit);

} // namespace hello::server
