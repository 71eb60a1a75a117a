#pragma once
#include <cstdint>
#include <string>

#include "hello/fd.h"

namespace hello::sys {

/// Watches one path through its directory, so that the file need not exist. Source: inotify(7)
class PathWatch {
public:
  /// `events`: inotify's, of any file in the directory. Where inotify does not work (some
  /// sandboxes), the watch stays silent. Throws Error(Exit::usage) if there is no such directory.
  PathWatch(const std::string &path, std::uint32_t events);

  int fd() const { return fd_.get(); } ///< readable once something happened; borrowed

  /// Empties the queue. Returns how many files appeared at the path.
  std::uint64_t drain();

private:
  std::string name_;
  Fd fd_;
};

} // namespace hello::sys
