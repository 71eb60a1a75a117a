#include "server/process/cpus.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>
#include <string_view>

#include <sched.h>

namespace hello::server {

namespace {
constexpr int kMostCpus = 8192;

unsigned affinity() {
  cpu_set_t *set = CPU_ALLOC(kMostCpus);
  std::size_t size = CPU_ALLOC_SIZE(kMostCpus);
  unsigned count = 1;
  if (set && ::sched_getaffinity(0, size, set) == 0)
    count = static_cast<unsigned>(CPU_COUNT_S(size, set));
  CPU_FREE(set);
  return std::max(count, 1u);
}

/// CPUs of one group; infinity where it sets no limit.
double quota(const std::string &folder, bool v2) {
  double limit = INFINITY, period = 0;
  if (v2) {
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

/// The smallest quota from `folder` up to `top`.
double lowest(const std::string &top, std::string folder, bool v2) {
  double cpus = INFINITY;
  while (folder.size() >= top.size()) {
    cpus = std::min(cpus, quota(folder, v2));
    auto slash = folder.rfind('/');
    if (slash == folder.npos) break;
    folder.resize(slash);
  }
  return cpus;
}

/// "a,b,cpu" holds "cpu"?
bool has_cpu(std::string_view list) {
  return ("," + std::string(list) + ",").find(",cpu,") != std::string::npos;
}

/// This process's path in the hierarchy, from lines like "4:cpu,cpuacct:/a/b" (v1) and "0::/a/b"
/// (v2).
std::string group_path(const std::string &root, bool v2) {
  std::ifstream file(root + "/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    auto first = line.find(':'), second = line.find(':', first + 1);
    if (second == line.npos) continue;
    std::string controllers = line.substr(first + 1, second - first - 1);
    if (v2 ? controllers.empty() : has_cpu(controllers)) return line.substr(second + 1);
  }
  return "/";
}
} // namespace

unsigned usable_cpus(const std::string &root) {
  double cpus = affinity();
  std::ifstream mounts(
      root +
      "/proc/self/mountinfo"); // proc(5): id parent dev root point options… - type source super
  for (std::string line; std::getline(mounts, line);) {
    auto dash = line.find(" - ");
    if (dash == line.npos) continue;
    std::string skip, top, point, type, source, super;
    std::istringstream(line.substr(0, dash)) >> skip >> skip >> skip >> top >> point;
    std::istringstream(line.substr(dash + 3)) >> type >> source >> super;
    bool v2 = type == "cgroup2";
    if (!v2 && !(type == "cgroup" && has_cpu(super))) continue;
    std::string path = group_path(root, v2);
    if (top != "/" && path.starts_with(top))
      path.erase(0, top.size()); // a mount that shows a part of the tree
    if (path == "/" || path.starts_with("/..")) path.clear();
    cpus = std::min(cpus, lowest(root + point, root + point + path, v2));
  }
  return std::max(1u, static_cast<unsigned>(std::ceil(cpus)));
}

} // namespace hello::server
