#include "hello/file_work.h"

#include <csignal>
#include <utility>

namespace hello::sys {

bool run_within(std::chrono::milliseconds limit, std::function<void()> work) {
  struct Shared {
    std::mutex mutex;
    std::condition_variable changed;
    bool done = false;
  };
  const auto shared = std::make_shared<Shared>();
  std::thread thread([shared, work = std::move(work)] {
    work();
    const std::lock_guard lock(shared->mutex);
    shared->done = true;
    shared->changed.notify_all();
  });
  std::unique_lock lock(shared->mutex);
  const bool ended = shared->changed.wait_for(lock, limit, [&] { return shared->done; });
  lock.unlock();
  if (ended)
    thread.join();
  else
    thread.detach();
  return ended;
}

void FileWork::start() {
  thread_ = std::thread([self = shared_from_this()] { self->run(); });
}

void FileWork::look_now() noexcept {
  const std::lock_guard lock(mutex_);
  waking_ = true;
  changed_.notify_all();
}

void FileWork::request_stop() noexcept {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  changed_.notify_all();
}

void FileWork::stop(Clock::time_point deadline) noexcept {
  if (!thread_.joinable()) return;
  request_stop();
  std::unique_lock lock(mutex_);
  const bool ended = changed_.wait_until(lock, deadline, [this] { return done_; });
  changed_.wait(lock, [this] { return !reporting_; }); // what it was lent may end now
  lock.unlock();
  if (ended)
    thread_.join();
  else
    thread_.detach();
}

bool FileWork::pause(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_, std::adopt_lock); // run() holds it
  const bool stopping = changed_.wait_for(lock, time, [this] { return stopping_; });
  lock.release();
  return !stopping;
}

void FileWork::run() {
  sigset_t all; // the main thread handles signals
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    changed_.wait_for(lock, interval_, [this] { return stopping_ || waking_; });
    if (stopping_) break;
    waking_ = false;
    lock.unlock();
    look();
    lock.lock();
    if (stopping_) break;
    reporting_ = true;
    report();
    reporting_ = false;
  }
  done_ = true;
  changed_.notify_all();
}

} // namespace hello::sys
