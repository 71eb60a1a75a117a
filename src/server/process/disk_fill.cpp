#include "server/process/disk_fill.h"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include "hello/drills.h"
#include "hello/file.h"
#include "server/process/kept_drill.h"

namespace hello::server {
namespace {

constexpr std::int64_t kMi = 1 << 20;
constexpr std::int64_t kPercent = 80;     ///< of the limit
constexpr std::int64_t kBeyond = 8 * kMi; ///< so that the kubelet, which rounds, sees it

} // namespace

DiskFill::DiskFill(const std::string &folder, std::int64_t limit_bytes, std::int64_t reserved_bytes,
                   Ballast::Room room)
    : path_(drill_file(folder, drills::Fault::disk)), limit_(limit_bytes),
      most_(std::max<std::int64_t>(limit_bytes / 100 * kPercent - reserved_bytes, 0)), room_(room) {
  remove();
}

std::string DiskFill::refusal(std::int64_t bytes) const {
  if (bytes == drills::kNoBound || bytes <= most_) return "";
  return fmt::format("disk: {} MiB is the most, {} % of tmp.sizeLimit less what other files in it "
                     "may take; disk=evict goes past it",
                     most_ / kMi, kPercent);
}

int DiskFill::grow(std::int64_t bytes) {
  const std::int64_t goal = bytes == drills::kNoBound ? limit_ + kBeyond : std::min(bytes, most_);
  if (written_ >= goal) return 0;
  // A directory in memory counts in the control group.
  if (bytes != drills::kNoBound && room_() < kMi) return 0;
  if (!file_)
    file_ =
        sys::Fd(::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file_) return errno;
  const auto part = static_cast<std::size_t>(std::min(goal - written_, kMi));
  const int error = sys::write_all(file_.get(), std::string(part, 'x'));
  if (error == 0) written_ += static_cast<std::int64_t>(part);
  return error;
}

void DiskFill::remove() {
  ::unlink(path_.c_str());
  file_.reset();
  written_ = 0;
}

} // namespace hello::server
