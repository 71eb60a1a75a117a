#include "server/log/log_file.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hello/file.h"

namespace hello::server {

bool LogFile::open() {
  // A new one first: a sandbox without Landlock lets no existing file be written.
  constexpr int kFlags = O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW;
  sys::Fd opened = sys::open_regular(path, kFlags | O_EXCL);
  if (!opened && errno == EEXIST) opened = sys::open_regular(path, kFlags);
  struct stat status {};
  if (!opened || fstat(opened.get(), &status) != 0) return false;
  fd = std::move(opened);
  bytes = static_cast<std::size_t>(status.st_size);
  // Complete the line that a killed process left behind.
  char last = '\n';
  if (bytes > 0 && ::pread(fd.get(), &last, 1, status.st_size - 1) == 1 && last != '\n')
    bytes += static_cast<std::size_t>(std::max<ssize_t>(::write(fd.get(), "\n", 1), 0));
  return true;
}

void LogFile::rotate() {
  fd.reset();
  if (std::rename(path.c_str(), (path + ".1").c_str()) == 0 || errno == ENOENT) open();
}

} // namespace hello::server
