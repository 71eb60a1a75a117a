#include "server/process/lifecycle.h"

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <ctime>
#include <string>

#include <fmt/format.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "hello/error.h"
#include "server/log/notice.h"

namespace hello::server {

using namespace std::chrono;

namespace {
constexpr milliseconds kClosingTick{10};

sigset_t ending_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

/// Has this thread run as soon as it wakes, however busy the others keep the CPUs: by a short slice
/// (from Linux 6.12 on), and by priority where that is allowed. No is no failure. Source:
/// sched_setattr(2), sched-eevdf.rst
void run_promptly() {
  struct {
    std::uint32_t size = 48, policy = 0;
    std::uint64_t flags = 8; // the policy stays
    std::int32_t nice = -10;
    std::uint32_t priority = 0;
    std::uint64_t slice_ns = 100'000, deadline = 0, period = 0;
  } attributes;
  if (::syscall(SYS_sched_setattr, 0, &attributes, 0) == 0) return;
  attributes.nice = 0;
  ::syscall(SYS_sched_setattr, 0, &attributes, 0);
}
} // namespace

Lifecycle::Lifecycle(const Options &options, Status &status) : options_(options), status_(status) {
  sigset_t set = ending_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

void Lifecycle::start(std::vector<std::unique_ptr<Loop>> loops, std::unique_ptr<Loop> admin) {
  loops_ = std::move(loops);
  admin_ = std::move(admin);
  temp_check_ = std::make_shared<TempCheck>(options_.temp_dir, status_);
  try {
    temp_check_->start();
    threads_.emplace_back([this] {
      run_promptly(); // probes: late ones get a pod killed
      admin_->run();
    });
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
  timespec time{static_cast<time_t>(most.count() / 1000),
                static_cast<long>(most.count() % 1000 * 1'000'000)};
  sigset_t set = ending_signals();
  int number = sigtimedwait(&set, nullptr, &time);
  return number > 0 ? number : 0;
}

/// Lets time pass. Returns the signal that cut it short, else 0. `until_ended`: or until the public
/// loops have ended.
int Lifecycle::pass(milliseconds time, bool until_ended) {
  auto end = steady_clock::now() + time;
  while (true) {
    auto now = steady_clock::now();
    if (until_ended &&
        std::all_of(loops_.begin(), loops_.end(), [](auto &loop) { return loop->ended(); }))
      return 0;
    if (now >= end) return 0;
    auto most = duration_cast<milliseconds>(end - now) + milliseconds(1);
    if (int number = next_signal(until_ended ? std::min(most, kClosingTick) : most)) return number;
  }
}

void Lifecycle::join() {
  for (auto &thread : threads_) thread.join();
  if (temp_check_) temp_check_->stop();
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
  notice(Level::info, "draining: still serving, reported as not ready",
         {{"signal", number == SIGINT ? "SIGINT" : "SIGTERM"}});
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
