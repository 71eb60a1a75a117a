#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace hello::sys {

/// What to follow, and where to copy it.
struct Follow {
  /// A log file that is rotated by rename to `path`.1. Its directory must exist; it need not.
  std::string path;
  /// File that keeps how far `out` has got, so that a restart goes on there; empty: none.
  std::string position;
  int out = 1;   ///< borrowed; may block: the files are watched meanwhile
  int stop = -1; ///< borrowed; once readable, what is there is still copied, then it ends
  std::atomic<std::uint64_t> *copied = nullptr; ///< borrowed; the bytes so far
  /// Called once for each event: `files` were rotated away before they could be opened.
  std::function<void(std::uint64_t files)> skipped;
  /// Called when the file was truncated in place: it is read from its start again.
  std::function<void()> truncated{};
};

/// Copies `path` and its successors to `out`, oldest first (`path`.1 if it exists), in whole lines,
/// until `stop` or until the reader of `out` leaves. Nothing is lost as long as fewer than
/// kFollowHeld rotations pass while `out` is blocked: rotated files are held open. After a kill at
/// any instant and a restart with the same `position`, at most the last 4 KiB are copied twice, and
/// none is missing. Throws Error(Exit::usage) if the directory is
/// missing, Error(Exit::failure) if a file cannot be read or written. Source: inotify(7); pipe(7),
/// PIPE_BUF.
void follow(const Follow &options);

/// Rotated files held open; each is at most half the log's limit.
inline constexpr std::size_t kFollowHeld = 4;

} // namespace hello::sys
