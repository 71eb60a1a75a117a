#pragma once
#include <chrono>
#include <span>
#include <string>

/// Ctrl-C, SIGTERM and a lost terminal for commands that wait: noted by a handler, acted on only
/// where we poll.
namespace hello::sys {

using Clock = std::chrono::steady_clock;
using Deadline = Clock::time_point;

/// While it lives, the first SIGINT, SIGTERM or SIGHUP (unless nohup has it ignored) is noted and
/// wakes every wait(); the second ends the process at once (children die with us). One at a time.
/// `what` and `hint` are what check_interrupted() then says.
class Interrupts {
public:
  Interrupts(std::string what, std::string hint);
  ~Interrupts();
  Interrupts(const Interrupts &) = delete;
  Interrupts &operator=(const Interrupts &) = delete;
};

/// The signal that was noted, or 0. Any thread.
int interrupted();

/// Throws Error(Exit::interrupted, terminated or hung_up) if a signal was noted.
void check_interrupted();

/// Waits until one of `fds` (those below 0 are skipped) can be read or was hung up, or `deadline`
/// is past. Returns false at the deadline. Throws as check_interrupted() does.
bool wait_readable(std::span<const int> fds, Deadline deadline);

/// Sleeps; an interruption ends it by throwing.
void pause(std::chrono::milliseconds time);

} // namespace hello::sys
