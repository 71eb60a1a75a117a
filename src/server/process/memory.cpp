#include "server/process/memory.h"

#include <algorithm>
#include <cstdint>

#include "hello/text.h"
#include "server/process/cgroup.h"

namespace hello::server {

namespace {
constexpr std::uint64_t kDefaultLimit = 512 << 20;
/// v1 has no word for "no limit": it shows the highest number of pages that fits, in bytes.
constexpr std::uint64_t kNoLimit = std::uint64_t{1} << 60;

std::uint64_t number(std::string_view word) {
  return static_cast<std::uint64_t>(text::integer(word, 0).value_or(0));
}

/// The number after `name` in lines like "MemTotal:  24689764 kB"; 0 if there is none.
std::uint64_t number_after(std::string_view name, std::string_view lines) {
  const auto words = text::words(lines);
  const auto found = std::find(words.begin(), words.end(), name);
  return words.end() - found < 2 ? 0 : number(found[1]);
}

/// The machine's memory; `kNoLimit` if it is unknown.
std::uint64_t machine_bytes(const std::string &root) {
  const auto kilobytes = number_after("MemTotal:", kernel_file(root + "/proc/meminfo"));
  return kilobytes == 0 ? kNoLimit : kilobytes << 10;
}

std::uint64_t limit_of(const std::string &folder, CgroupVersion version) {
  const auto bytes = kernel_number(
      folder + (version == CgroupVersion::v2 ? "/memory.max" : "/memory.limit_in_bytes"));
  return bytes > 0 ? static_cast<std::uint64_t>(*bytes) : kNoLimit; // "max" is no number
}
} // namespace

std::size_t memory_limit_bytes(const std::string &root) {
  std::uint64_t limit = kNoLimit;
  visit_cgroups(root, "memory", [&](const std::string &folder, CgroupVersion version) {
    limit = std::min(limit, limit_of(folder, version));
  });
  if (limit == kNoLimit) limit = std::min(kDefaultLimit, machine_bytes(root) / 4);
  return static_cast<std::size_t>(limit);
}

std::size_t memory_used_bytes(const std::string &root) {
  std::uint64_t lowest = kNoLimit, used = 0;
  visit_cgroups(root, "memory", [&](const std::string &folder, CgroupVersion version) {
    const bool v2 = version == CgroupVersion::v2;
    const std::uint64_t limit = limit_of(folder, version);
    const auto usage = kernel_number(folder + (v2 ? "/memory.current" : "/memory.usage_in_bytes"));
    if (limit >= lowest || !usage) return;
    const auto now = static_cast<std::uint64_t>(*usage);
    const std::uint64_t dropped = number_after(v2 ? "inactive_file" : "total_inactive_file",
                                               kernel_file(folder + "/memory.stat"));
    lowest = limit;
    used = now - std::min(now, dropped);
  });
  if (lowest != kNoLimit) return static_cast<std::size_t>(used);
  const std::string own = kernel_file(root + "/proc/self/statm"); // all pages, resident ones, …
  const auto words = text::words(own);
  return words.size() < 2 ? 0 : static_cast<std::size_t>(number(words[1]) * 4096);
}

} // namespace hello::server
