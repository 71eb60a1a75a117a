#include "server/process/ballast.h"

#include <algorithm>
#include <cstring>

#include <sys/mman.h>

#include "hello/drills.h"
#include "server/process/memory.h"

namespace hello::server {
namespace {

constexpr std::size_t kBlock = 1 << 20;
constexpr int kBlocksAtOnce = 8; ///< so that each call is short
constexpr std::int64_t kMargin = 16 << 20;

} // namespace

std::size_t Ballast::bytes() const { return blocks_.size() * kBlock; }

std::int64_t Ballast::room_in_cgroup() {
  return static_cast<std::int64_t>(memory_limit_bytes()) - kMargin -
         static_cast<std::int64_t>(memory_used_bytes());
}

void Ballast::keep(std::int64_t wanted) {
  const std::int64_t room = wanted == 0 || wanted == drills::kNoBound ? wanted : room_();
  const auto in_blocks = [](std::int64_t bytes) {
    return bytes / static_cast<std::int64_t>(kBlock);
  };
  const auto now = static_cast<std::int64_t>(blocks_.size());
  // Rounded down, so that a lack of less than a block gives one back.
  const std::int64_t most = now + (room < 0 ? in_blocks(room) - 1 : in_blocks(room));
  const std::int64_t goal =
      std::clamp<std::int64_t>(std::min(in_blocks(wanted), most), 0, now + kBlocksAtOnce);
  while (static_cast<std::int64_t>(blocks_.size()) > goal) {
    ::munmap(blocks_.back(), kBlock);
    blocks_.pop_back();
  }
  while (static_cast<std::int64_t>(blocks_.size()) < goal) {
    void *block =
        ::mmap(nullptr, kBlock, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (block == MAP_FAILED) return;
    std::memset(block, 1, kBlock);
    blocks_.push_back(block);
  }
}

} // namespace hello::server
