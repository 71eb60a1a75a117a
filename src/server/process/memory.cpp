#include "server/process/memory.h"

#include <algorithm>
#include <cstdint>
#include <fstream>

#include "server/process/cgroup.h"

namespace hello::server {

namespace {
constexpr std::uint64_t kDefaultLimit = 512 << 20;
/// v1 has no word for "no limit": it shows the highest number of pages that fits, in bytes.
constexpr std::uint64_t kNoLimit = std::uint64_t{1} << 60;

/// The machine's memory, from a line like "MemTotal:  24689764 kB"; `kNoLimit` if it is unknown.
std::uint64_t machine_bytes(const std::string &root) {
  std::ifstream file(root + "/proc/meminfo");
  std::string name;
  std::uint64_t kilobytes = 0;
  if (file >> name >> kilobytes && name == "MemTotal:") return kilobytes << 10;
  return kNoLimit;
}
} // namespace

std::size_t memory_limit_bytes(const std::string &root) {
  std::uint64_t limit = kNoLimit;
  visit_cgroups(root, "memory", [&](const std::string &folder, CgroupVersion version) {
    std::ifstream file(folder +
                       (version == CgroupVersion::v2 ? "/memory.max" : "/memory.limit_in_bytes"));
    std::uint64_t bytes = 0;
    if (file >> bytes && bytes > 0) limit = std::min(limit, bytes); // "max" is no number
  });
  if (limit == kNoLimit) limit = std::min(kDefaultLimit, machine_bytes(root) / 4);
  return static_cast<std::size_t>(limit);
}

} // namespace hello::server
