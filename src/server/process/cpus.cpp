#include "server/process/cpus.h"

#include <algorithm>
#include <cmath>

#include <sched.h>

#include "hello/text.h"
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
  std::optional<std::int64_t> limit, period;
  if (version == CgroupVersion::v2) {
    const std::string file = kernel_file(folder + "/cpu.max"); // "max 100000"
    const auto words = text::words(file);
    if (words.size() != 2) return INFINITY;
    limit = text::integer(words[0]);
    period = text::integer(words[1]);
  } else {
    limit = kernel_number(folder + "/cpu.cfs_quota_us");
    period = kernel_number(folder + "/cpu.cfs_period_us");
  }
  if (limit <= 0 || period <= 0) return INFINITY; // none is less than any number
  return static_cast<double>(*limit) / static_cast<double>(*period);
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
