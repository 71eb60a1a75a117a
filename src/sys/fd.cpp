#include "hello/fd.h"

#include <fcntl.h>
#include <unistd.h>

#include "hello/error.h"

namespace hello::sys {

void Fd::reset(int fd) {
  if (fd_ >= 0) ::close(fd_);
  fd_ = fd;
}

Pipe make_pipe(int flags) {
  int ends[2];
  if (::pipe2(ends, flags) != 0) throw Error(Exit::failure, "no descriptors left for a pipe");
  return {Fd(ends[0]), Fd(ends[1])};
}

} // namespace hello::sys
