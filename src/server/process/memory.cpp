#include "server/process/memory.h"

#include <algorithm>
#include <cstdint>

#include "server/process/cgroup.h"

namespace hello::server {

namespace {
constexpr std::uint64_t kDefaultLimit = 512 << 20;
/// v1 has no word for "no limit": it shows the highest number of pages that fits, in bytes.
constexpr std::uint64_t kNoLimit = std::uint64_t{1} << 60;

/// The machine's memory, from a line like "MemTotal:  24689764 kB"; `kNoLimit` if it is unknown.
std::uint64_t machine_bytes(const std::string &root) {
  std::istringstream file = kernel_file(root + "/proc/meminfo");
  std::string name;
  std::uint64_t kilobytes = 0;
  if (file >> name >> kilobytes && name == "MemTotal:") return kilobytes << 10;
  return kNoLimit;
}
} // namespace

std::size_t memory_limit_bytes(const std::string &root) {
  std::uint64_t limit = kNoLimit;
  visit_cgroups(root, "memory", [&](const std::string &folder, CgroupVersion version) {
    std::istringstream file = kernel_file(
        folder + (version == CgroupVersion::v2 ? "/memory.max" : "/memory.limit_in_bytes"));
    std::uint64_t bytes = 0;
    if (file >> bytes && bytes > 0) limit = std::min(limit, bytes); // "max" is no number
  });
  if (limit == kNoLimit) limit = std::min(kDefaultLimit, machine_bytes(root) / 4);
  return static_cast<std::size_t>(limit);
}

std::size_t memory_used_bytes(const std::string &root) {
  std::uint64_t lowest = kNoLimit, used = 0;
  visit_cgroups(root, "memory", [&](const std::string &folder, CgroupVersion version) {
    const bool v2 = version == CgroupVersion::v2;
    std::istringstream limit =
        kernel_file(folder + (v2 ? "/memory.max" : "/memory.limit_in_bytes"));
    std::istringstream usage =
        kernel_file(folder + (v2 ? "/memory.current" : "/memory.usage_in_bytes"));
    std::istringstream stat = kernel_file(folder + "/memory.stat");
    std::uint64_t bytes = 0, now = 0, dropped = 0;
    if (!(limit >> bytes) || bytes == 0 || bytes >= lowest || !(usage >> now)) return;
    std::string name;
    for (std::uint64_t value = 0; stat >> name >> value;)
      if (name == (v2 ? "inactive_file" : "total_inactive_file")) dropped = value;
    lowest = bytes;
    used = now - std::min(now, dropped);
  });
  if (lowest != kNoLimit) return static_cast<std::size_t>(used);
  std::istringstream own = kernel_file(root + "/proc/self/statm");
  std::uint64_t all = 0, resident = 0;
  own >> all >> resident;
  return static_cast<std::size_t>(resident * 4096);
}

} // namespace hello::server
