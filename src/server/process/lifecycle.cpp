#include "server/process/lifecycle.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <ctime>
#include <string>

#include <fmt/format.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "hello/error.h"
#include "hello/notice.h"

namespace hello::server {

using namespace std::chrono;

namespace {
/// For what is in flight when someone at a terminal presses Ctrl-C.
constexpr milliseconds kInteractiveDrain{500};
constexpr milliseconds kClosingTick{10}; ///< between two checks whether the loops have ended

bool is_ignored(int signal) {
  struct sigaction now {};
  return sigaction(signal, nullptr, &now) == 0 && now.sa_handler == SIG_IGN;
}

bool terminal_is_gone() {
  pollfd input{STDIN_FILENO, 0, 0};
  return ::poll(&input, 1, 0) > 0 && (input.revents & (POLLHUP | POLLERR)) != 0;
}

/// Makes the kernel run this thread soon after it wakes, even if other threads keep all CPUs busy:
/// with a short time slice (from Linux 6.12 on) and, if permitted, a higher priority. Best effort.
/// Source: sched_setattr(2), Linux's Documentation/scheduler/sched-eevdf.rst.
void run_promptly() {
  struct {
    std::uint32_t size = 48, policy = 0;
    std::uint64_t flags = 8; // SCHED_FLAG_KEEP_POLICY
    std::int32_t nice = -10;
    std::uint32_t priority = 0;
    std::uint64_t slice_ns = 100'000, deadline = 0, period = 0;
  } attributes;
  if (::syscall(SYS_sched_setattr, 0, &attributes, 0) == 0) return;
  attributes.nice = 0;
  ::syscall(SYS_sched_setattr, 0, &attributes, 0);
}
} // namespace

Lifecycle::Lifecycle(const Options &options, Status &status)
    : options_(options), status_(status), has_terminal_(::isatty(STDIN_FILENO) == 1),
      hangup_counts_(!is_ignored(SIGHUP)) {
  std::signal(SIGUSR2, SIG_IGN);
  const sigset_t set = signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

/// Those that wait() takes. A signal that is blocked would arrive although it is ignored.
sigset_t Lifecycle::signals() const {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGTERM, SIGINT, SIGQUIT, SIGUSR1}) sigaddset(&set, number);
  if (hangup_counts_) sigaddset(&set, SIGHUP);
  return set;
}

/// Whether the signal asks for a refresh, which is then done, and not for an end.
bool Lifecycle::refreshed_by(int number) {
  if (number != SIGUSR1 && number != SIGHUP) return false;
  if (number == SIGHUP && has_terminal_ && terminal_is_gone()) return false;
  notice(Level::info, Event::refreshed,
         number == SIGHUP ? "messages and log file are read and opened again"
                          : "the log file is opened again",
         {{"signal", number == SIGHUP ? "SIGHUP" : "SIGUSR1"}});
  refresh_(number);
  return true;
}

void Lifecycle::start(std::vector<std::unique_ptr<Loop>> loops, std::unique_ptr<Loop> admin) {
  loops_ = std::move(loops);
  admin_ = std::move(admin);
  try {
    threads_.emplace_back([this] {
      run_promptly(); // the kubelet restarts a pod whose probes are late
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

/// Returns the number of a signal that ends the service, or 0 if none has arrived in that time.
int Lifecycle::wait_for_signal(milliseconds time) {
  const sigset_t set = signals();
  const auto end = steady_clock::now() + time;
  while (true) {
    const auto left = std::max(milliseconds(0), ceil<milliseconds>(end - steady_clock::now()));
    const timespec timeout{static_cast<time_t>(left.count() / 1000),
                           static_cast<long>(left.count() % 1000 * 1'000'000)};
    const int number = sigtimedwait(&set, nullptr, &timeout);
    if (number > 0 && refreshed_by(number)) continue;
    if (number > 0) return number == SIGHUP ? SIGINT : number;
    if (errno != EINTR) return 0;
  }
}

/// Waits until the public loops have ended. Returns 0 then or after that time, or the number of the
/// signal that arrived first.
int Lifecycle::wait_for_loops(milliseconds time) {
  const auto end = steady_clock::now() + time;
  const auto ended = [](const auto &loop) { return loop->ended(); };
  while (!std::all_of(loops_.begin(), loops_.end(), ended) && steady_clock::now() < end)
    if (const int number = wait_for_signal(kClosingTick)) return number;
  return 0;
}

void Lifecycle::join() {
  for (auto &thread : threads_) thread.join();
}

void Lifecycle::enter(Phase phase) {
  if (phase == Phase::stopped) status_.faults().end(drills::Fault::hang); // or join() would wait
  status_.set_phase(phase);
  for (auto &loop : loops_) loop->enter(phase);
  if (phase == Phase::draining) admin_->enter(phase);
}

/// Ends without a drain, by SIGQUIT or by SIGINT at a terminal. Returns the exit code.
int Lifecycle::stop_at_once(int number) {
  enter(Phase::stopped);
  admin_->enter(Phase::stopped);
  join();
  notice(Level::info, Event::stopped, "stopped",
         {{"signal", number == SIGINT ? "SIGINT" : "SIGQUIT"}});
  return 128 + number;
}

int Lifecycle::wait(const std::function<void(int signal)> &refresh) {
  refresh_ = refresh;
  int number = 0;
  while (number == 0) number = wait_for_signal(hours(24));
  const bool interactive = number == SIGINT && has_terminal_;
  if (number == SIGQUIT || interactive) {
    if (interactive) {
      enter(Phase::closing);
      wait_for_loops(kInteractiveDrain);
    }
    return stop_at_once(number);
  }
  notice(Level::info, Event::draining, "draining: still serving, reported as not ready",
         {{"signal", number == SIGINT ? "SIGINT" : "SIGTERM"}});
  enter(Phase::draining);
  number = wait_for_signal(options_.drain_delay);
  if (number == 0) {
    enter(Phase::closing);
    number = wait_for_loops(options_.drain_timeout);
    if (number == 0 && status_.faults().has(drills::Fault::drain))
      number = wait_for_signal(milliseconds(status_.faults().amount(drills::Fault::drain)));
  }
  enter(Phase::stopped);
  admin_->enter(Phase::stopped);
  join();
  std::size_t cut_off = 0;
  for (auto &loop : loops_) cut_off += loop->connections();
  if (number) {
    notice(Level::warning, Event::cut_off, "ended at once by a second signal");
  } else if (cut_off) {
    notice(Level::warning, Event::cut_off, "the drain timeout ended connections that were not done",
           {{"connections", std::to_string(cut_off)}});
  }
  notice(Level::info, Event::stopped, "stopped");
  return number == 0 ? 0 : 128 + number;
}

} // namespace hello::server
