#include "server/lifecycle.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <string>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "hello/error.h"
#include "server/notice.h"

namespace hello::server {

using namespace std::chrono;

namespace {
constexpr seconds kCheckEvery{5};
constexpr milliseconds kClosingTick{10};
constexpr milliseconds kAdminFarewell{1000};

sigset_t ending_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}
} // namespace

Lifecycle::Lifecycle(const Options &options, Status &status) : options_(options), status_(status) {
  sigset_t set = ending_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

void Lifecycle::start(std::vector<std::unique_ptr<Loop>> loops, std::unique_ptr<Loop> admin) {
  loops_ = std::move(loops);
  admin_ = std::move(admin);
  check_temp_directory();
  try {
    threads_.emplace_back([this] { check_until_stopped(); });
    threads_.emplace_back([this] { admin_->run(); });
    for (auto &loop : loops_) threads_.emplace_back([&loop] { loop->run(); });
  } catch (const std::system_error &error) {
    for (auto &loop : loops_) loop->enter(Phase::stopped);
    admin_->enter(Phase::stopped);
    join();
    throw Error(Exit::failure, fmt::format("cannot start a thread: {}", error.code().message()),
                "the limit of processes (pids) may be too low, or --threads too high");
  }
  status_.set_phase(Phase::ready);
}

/// 0 if none came in time.
int Lifecycle::next_signal(milliseconds most) {
  timespec time{static_cast<time_t>(most.count() / 1000), static_cast<long>(most.count() % 1000 * 1'000'000)};
  sigset_t set = ending_signals();
  int number = sigtimedwait(&set, nullptr, &time);
  return number > 0 ? number : 0;
}

/// Lets time pass. Returns the signal that cut it short, else 0. `until_ended`: or until the public loops have ended.
int Lifecycle::pass(milliseconds time, bool until_ended) {
  auto end = steady_clock::now() + time;
  while (true) {
    auto now = steady_clock::now();
    if (until_ended && std::all_of(loops_.begin(), loops_.end(), [](auto &loop) { return loop->ended(); })) return 0;
    if (now >= end) return 0;
    auto most = duration_cast<milliseconds>(end - now) + milliseconds(1);
    if (int number = next_signal(until_ended ? std::min(most, kClosingTick) : most)) return number;
  }
}

void Lifecycle::check_temp_directory() {
  std::string path = fmt::format("{}/.hello-writable-{}", options_.temp_dir, ::getpid());
  ::unlink(path.c_str()); // of one who ended in the middle and had our number
  sys::Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  int error = 0;
  if (!fd)
    error = errno;
  else if (errno = 0; ::write(fd.get(), "x", 1) != 1)
    error = errno ? errno : ENOSPC;
  if (fd) ::unlink(path.c_str());
  if ((error != 0) != !status_.unready().empty() && status_.phase() == Phase::ready)
    notice(error ? Level::error : Level::info,
           error ? "not ready: the temp directory cannot be written" : "ready again",
           {{"directory", options_.temp_dir}});
  status_.set_temp_error(error);
}

void Lifecycle::check_until_stopped() {
  std::unique_lock lock(mutex_);
  while (!stop_wanted_.wait_for(lock, kCheckEvery, [this] { return stopping_; })) {
    lock.unlock();
    check_temp_directory();
    lock.lock();
  }
}

void Lifecycle::join() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stop_wanted_.notify_all();
  for (auto &thread : threads_) thread.join();
}

void Lifecycle::enter(Phase phase) {
  status_.set_phase(phase);
  for (auto &loop : loops_) loop->enter(phase);
  if (phase == Phase::draining) admin_->enter(phase);
}

int Lifecycle::wait() {
  int code = 0, number = 0;
  while (!(number = pass(hours(24), false))) {
  }
  notice(Level::info, "draining: not ready, serving on", {{"signal", number == SIGINT ? "SIGINT" : "SIGTERM"}});
  enter(Phase::draining);
  number = pass(options_.drain_delay, false);
  if (!number) {
    enter(Phase::closing);
    number = pass(options_.drain_timeout, true);
  }
  std::size_t cut = 0;
  enter(Phase::stopped);
  admin_->enter(Phase::stopped);
  join();
  for (auto &loop : loops_) cut += loop->connections();
  if (number) {
    code = 128 + number;
    notice(Level::warning, "ended at once by a second signal");
  } else if (cut) {
    notice(Level::warning, "the drain timeout ended connections that were not done",
           {{"connections", std::to_string(cut)}});
  }
  notice(Level::info, "stopped");
  return code;
}

} // namespace hello::server
