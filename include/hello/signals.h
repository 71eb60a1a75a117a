#pragma once
#include <chrono>
#include <span>
#include <string>

/// Ctrl-C, SIGTERM and a lost terminal, for commands that wait: a handler records the signal, and
/// the waits below act on it.
namespace hello::sys {

using Clock = std::chrono::steady_clock;
using Deadline = Clock::time_point;

/// While it exists, the first SIGINT, SIGTERM or SIGHUP (unless nohup ignores it) is recorded and
/// ends every wait; the second ends the process at once, and its children with it. Only one may
/// exist. check_interrupted() throws an Error with `what` and `hint`.
class Interrupts {
public:
  Interrupts(std::string what, std::string hint);
  ~Interrupts();
  Interrupts(const Interrupts &) = delete;
  Interrupts &operator=(const Interrupts &) = delete;
};

/// The recorded signal, or 0. Any thread.
int interrupted();

/// Throws Error(Exit::interrupted, terminated or hung_up) if a signal was recorded.
void check_interrupted();

/// Waits until one of `fds` (those below 0 are skipped) can be read or was hung up, or `deadline`
/// is past. Returns false at the deadline. Throws as check_interrupted() does.
bool wait_readable(std::span<const int> fds, Deadline deadline);

/// Sleeps. Throws as check_interrupted() does.
void pause(std::chrono::milliseconds time);

} // namespace hello::sys
