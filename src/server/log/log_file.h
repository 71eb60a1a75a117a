#pragma once
#include <cstddef>
#include <string>

#include "hello/fd.h"

namespace hello::server {

/// A file of log lines with a bound: at half of it the file is renamed to PATH.1, which replaces an
/// older one, and a new one is begun. One thread at a time.
struct LogFile {
  std::string path; ///< empty: there is none
  std::size_t limit_bytes = 0;
  sys::Fd fd;
  std::size_t bytes = 0; ///< that the file has

  /// Opens or makes the file. False, with errno, if it cannot be used.
  bool open();
  /// Renames the file, and opens a new one. If that fails, `fd` is none: without a bound, it would
  /// fill the volume and get the pod evicted.
  void rotate();
};

} // namespace hello::server
