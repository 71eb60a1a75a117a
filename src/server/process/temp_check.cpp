#include "server/process/temp_check.h"

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "hello/fd.h"
#include "hello/file.h"
#include "hello/notice.h"

namespace hello::server {

TempCheck::TempCheck(std::string directory, Status &status)
    : FileWork(Status::kTempCheck), directory_(std::move(directory)), status_(status) {
  status_.set_temp_check(0);
}

void TempCheck::look() {
  std::string path;
  sys::Fd fd = sys::make_temporary(directory_ + "/.hello-writable-", path);
  error_ = fd ? 0 : errno;
  if (!fd) return;
  errno = ENOSPC; // if write() returns 0 and sets no error
  if (::write(fd.get(), "x", 1) != 1) error_ = errno;
  ::unlink(path.c_str());
}

void TempCheck::report() {
  if ((error_ != 0) != (status_.temp_error() != 0) && status_.phase() <= Phase::ready)
    notice(error_ ? Level::error : Level::info, error_ ? Event::not_ready : Event::ready,
           error_ ? "not ready: the temp directory cannot be written" : "ready again",
           {{"directory", directory_}});
  status_.set_temp_check(error_);
}

} // namespace hello::server
