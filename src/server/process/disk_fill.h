#pragma once
#include <cstdint>
#include <string>

#include "hello/fd.h"
#include "server/process/ballast.h"

namespace hello::server {

/// The file with which a drill takes room in the temp directory. It is removed at the end, and what
/// an earlier process left at the start.
class DiskFill {
public:
  /// `limit_bytes`: of the directory; `reserved_bytes`: what other files in it may take; `room`: in
  /// memory, of which a directory may be made.
  DiskFill(const std::string &folder, std::int64_t limit_bytes, std::int64_t reserved_bytes,
           Ballast::Room room = Ballast::room_in_cgroup);
  ~DiskFill() { remove(); }
  DiskFill(const DiskFill &) = delete;
  DiskFill &operator=(const DiskFill &) = delete;

  /// Why a file of so many bytes is refused, or nothing. drills::kNoBound is not refused.
  std::string refusal(std::int64_t bytes) const;
  /// Writes a part of the file at each call, up to `bytes` in all. drills::kNoBound: up to some
  /// MiB beyond the directory's limit. Returns 0, or the errno that ended it.
  int grow(std::int64_t bytes);
  void remove();
  std::int64_t bytes() const { return written_; }

private:
  const std::string path_;
  const std::int64_t limit_, most_;
  const Ballast::Room room_;
  sys::Fd file_;
  std::int64_t written_ = 0;
};

} // namespace hello::server
