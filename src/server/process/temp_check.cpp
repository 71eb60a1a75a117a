#include "server/process/temp_check.h"

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "hello/fd.h"
#include "server/log/notice.h"

namespace hello::server {

namespace {
constexpr std::chrono::seconds kInterval{5};
constexpr std::chrono::seconds kStopTimeout{1};
} // namespace

TempCheck::TempCheck(std::string directory, Status &status)
    : directory_(std::move(directory)), status_(status) {
  report(check());
}

void TempCheck::start() {
  thread_ = std::thread([self = shared_from_this()] { self->run(); });
}

/// Returns 0 if a file can be written, else errno.
int TempCheck::check() const {
  std::string path = fmt::format("{}/.hello-writable-{}", directory_, ::getpid());
  ::unlink(path.c_str()); // left by a killed process that had our process id
  sys::Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) return errno;
  errno = ENOSPC; // if write() returns 0 and sets no error
  const int error = ::write(fd.get(), "x", 1) == 1 ? 0 : errno;
  ::unlink(path.c_str());
  return error;
}

void TempCheck::report(int error) {
  if ((error != 0) != (status_.temp_error() != 0) && status_.phase() <= Phase::ready)
    notice(error ? Level::error : Level::info,
           error ? "not ready: the temp directory cannot be written" : "ready again",
           {{"directory", directory_}});
  status_.set_temp_error(error);
}

void TempCheck::run() {
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, kInterval, [this] { return stopping_; })) {
    lock.unlock();
    const int error = check();
    lock.lock();
    if (!stopping_) report(error);
  }
  done_ = true;
  changed_.notify_all();
}

void TempCheck::stop() {
  if (!thread_.joinable()) return;
  std::unique_lock lock(mutex_);
  stopping_ = true;
  changed_.notify_all();
  bool ended = changed_.wait_for(lock, kStopTimeout, [this] { return done_; });
  lock.unlock();
  if (ended)
    thread_.join();
  else
    thread_.detach();
}

} // namespace hello::server
