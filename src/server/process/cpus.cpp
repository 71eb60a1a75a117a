#include "server/process/cpus.h"

#include <algorithm>
#include <cmath>

#include <sched.h>

#include "server/process/cgroup.h"

namespace hello::server {

namespace {
constexpr int kMaxCpus = 8192; ///< what Linux supports at most

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
    std::istringstream file = kernel_file(folder + "/cpu.max");
    if (!(file >> first >> period) || first == "max") return INFINITY;
    limit = std::strtod(first.c_str(), nullptr);
  } else if (!(kernel_file(folder + "/cpu.cfs_quota_us") >> limit) ||
             !(kernel_file(folder + "/cpu.cfs_period_us") >> period)) {
    return INFINITY;
  }
  return limit > 0 && period > 0 ? limit / period : INFINITY;
}

} // namespace

unsigned usable_cpus(const std::string &root) {
  double cpus = affinity();
  visit_cgroups(root, "cpu", [&](const std::string &folder, CgroupVersion version) {
    cpus = std::min(cpus, quota(folder, version));
  });
  return std::max(1u, static_cast<unsigned>(std::ceil(cpus)));
}

} // namespace hello::server
