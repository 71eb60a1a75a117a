#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace hello::server {

/// A small file of the kernel; empty if it cannot be read.
std::string kernel_file(const std::string &path);

/// The number that is all of such a file.
std::optional<std::int64_t> kernel_number(const std::string &path);

enum class CgroupVersion { v1, v2 };

/// Calls `visit` with the folder of this process's control group for `controller` ("cpu",
/// "memory"), then with those of its parents, for v1 and v2 as far as they are mounted: a limit of
/// any of them counts. `root` is put in front of /proc and /sys, for tests.
void visit_cgroups(const std::string &root, std::string_view controller,
                   const std::function<void(const std::string &folder, CgroupVersion)> &visit);

} // namespace hello::server
