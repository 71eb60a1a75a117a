#include "server/process/cpus.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>
#include <string_view>

#include <sched.h>

namespace hello::server {

namespace {
constexpr int kMaxCpus = 8192; ///< what Linux supports at most

enum class CgroupVersion { v1, v2 };

unsigned affinity() {
  cpu_set_t *set = CPU_ALLOC(kMaxCpus);
  std::size_t size = CPU_ALLOC_SIZE(kMaxCpus);
  unsigned count = 1;
  if (set && ::sched_getaffinity(0, size, set) == 0)
    count = static_cast<unsigned>(CPU_COUNT_S(size, set));
  CPU_FREE(set);
  return std::max(count, 1u);
}

/// The CPU quota of one control group, in CPUs; infinity if there is none.
double quota(const std::string &folder, CgroupVersion version) {
  double limit = INFINITY, period = 0;
  if (version == CgroupVersion::v2) {
    std::string first;
    std::ifstream file(folder + "/cpu.max");
    if (!(file >> first >> period) || first == "max") return INFINITY;
    limit = std::strtod(first.c_str(), nullptr);
  } else if (!(std::ifstream(folder + "/cpu.cfs_quota_us") >> limit) ||
             !(std::ifstream(folder + "/cpu.cfs_period_us") >> period)) {
    return INFINITY;
  }
  return limit > 0 && period > 0 ? limit / period : INFINITY;
}

/// The smallest quota of the control group in `folder` and its parents, up to `top`.
double smallest_quota(const std::string &top, std::string folder, CgroupVersion version) {
  double cpus = INFINITY;
  while (folder.size() >= top.size()) {
    cpus = std::min(cpus, quota(folder, version));
    auto slash = folder.rfind('/');
    if (slash == folder.npos) break;
    folder.resize(slash);
  }
  return cpus;
}

/// Whether a comma-separated list of controllers contains "cpu".
bool has_cpu(std::string_view list) {
  return ("," + std::string(list) + ",").find(",cpu,") != std::string::npos;
}

/// The path of this process's control group, from lines like "4:cpu,cpuacct:/a/b" (v1) or "0::/a/b"
/// (v2).
std::string group_path(const std::string &root, CgroupVersion version) {
  std::ifstream file(root + "/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    const auto first = line.find(':');
    const auto second = line.find(':', first + 1);
    if (second == line.npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const bool found = version == CgroupVersion::v2 ? controllers.empty() : has_cpu(controllers);
    if (found) return line.substr(second + 1);
  }
  return "/";
}
} // namespace

unsigned usable_cpus(const std::string &root) {
  double cpus = affinity();
  // A line, by proc(5): id parent device root mount-point options… - type source super-options
  std::ifstream mounts(root + "/proc/self/mountinfo");
  for (std::string line; std::getline(mounts, line);) {
    auto dash = line.find(" - ");
    if (dash == line.npos) continue;
    std::string skipped, top, mount_point, type, source, options;
    std::istringstream(line.substr(0, dash)) >> skipped >> skipped >> skipped >> top >> mount_point;
    std::istringstream(line.substr(dash + 3)) >> type >> source >> options;
    const bool v1 = type == "cgroup" && has_cpu(options);
    if (!v1 && type != "cgroup2") continue;
    const auto version = v1 ? CgroupVersion::v1 : CgroupVersion::v2;
    std::string path = group_path(root, version);
    if (top != "/" && path.starts_with(top)) path.erase(0, top.size()); // only a subtree is mounted
    if (path == "/" || path.starts_with("/..")) path.clear();
    cpus = std::min(cpus, smallest_quota(root + mount_point, root + mount_point + path, version));
  }
  return std::max(1u, static_cast<unsigned>(std::ceil(cpus)));
}

} // namespace hello::server
