#include "hello/fd.h"

#include <unistd.h>

namespace hello::sys {

void Fd::reset(int fd) {
  if (fd_ >= 0) ::close(fd_);
  fd_ = fd;
}

} // namespace hello::sys
