#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace hello::sys {

/// What to follow, and where it goes.
struct Follow {
  std::string path; ///< a log file that is rotated by rename to `path`.1; it need not be there yet,
                    ///< its directory must
  std::string position; ///< file that keeps how far `out` has got, so that a restart goes on there;
                        ///< empty: none
  int out = 1;          ///< borrowed; may block: the files are watched meanwhile
  int stop =
      -1; ///< borrowed; becomes readable when it is time to end: what is there is still copied
  /// Told once for each event: "skipped" files that were rotated away before they could be opened.
  std::function<void(std::uint64_t files)> skipped;
};

/// Copies `path` and what follows it to `out`, oldest first (`path`.1 where it is there), in whole
/// lines, until `stop` or until nobody reads `out`. Nothing is lost as long as fewer than
/// kFollowHeld rotations pass while `out` is blocked: rotated files are held open. After a kill at
/// any instant and a restart with the same `position`, at most the last 4 KiB come twice, and none
/// is missing. Returns the bytes copied. Throws Error(Exit::usage) if the directory is not there,
/// Error(Exit::failure) if a file cannot be read or written. Source: inotify(7); pipe(7), PIPE_BUF.
std::uint64_t follow(const Follow &what);

inline constexpr std::size_t kFollowHeld =
    4; ///< rotated files held open; each is at most half the log's limit

} // namespace hello::sys
