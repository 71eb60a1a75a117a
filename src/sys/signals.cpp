#include "hello/signals.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "hello/error.h"
#include "hello/fd.h"
#include "hello/last_word.h"

namespace hello::sys {
namespace {

// A signal handler reaches only globals.
std::atomic<int> noted{0};
std::atomic<bool> heeded{true}; // false during a last word
Pipe wake;                      // written by the handler, read by every wait
constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP};
struct sigaction old[std::size(kSignals)];
std::string said_what, said_hint;

void note(int signal) {
  if (noted.exchange(signal) != 0) _exit(128 + signal); // the second one leaves
  const int saved = errno;
  [[maybe_unused]] const ssize_t n = ::write(wake.write.get(), "!", 1);
  errno = saved;
}

} // namespace

Interrupts::Interrupts(std::string what, std::string hint) {
  said_what = std::move(what);
  said_hint = std::move(hint);
  noted = 0;
  wake = make_pipe(O_CLOEXEC | O_NONBLOCK);
  struct sigaction action = {};
  action.sa_handler = note;
  sigemptyset(&action.sa_mask);
  for (std::size_t i = 0; i < std::size(kSignals); ++i) {
    sigaction(kSignals[i], &action, &old[i]);
    if (kSignals[i] == SIGHUP && old[i].sa_handler == SIG_IGN)
      sigaction(SIGHUP, &old[i], nullptr); // nohup
  }
}

Interrupts::~Interrupts() {
  for (std::size_t i = 0; i < std::size(kSignals); ++i) sigaction(kSignals[i], &old[i], nullptr);
  wake = {};
}

int interrupted() { return noted; }

LastWord::LastWord() { heeded = false; }
LastWord::~LastWord() { heeded = true; }

void check_interrupted() {
  if (const int signal = noted; signal && heeded)
    throw Error(static_cast<Exit>(128 + signal), said_what, said_hint);
}

bool wait_readable(std::span<const int> fds, Deadline deadline) {
  std::vector<pollfd> polled{{heeded ? wake.read.get() : -1, POLLIN, 0}};
  for (const int fd : fds)
    if (fd >= 0) polled.push_back({fd, POLLIN, 0});
  for (;;) {
    check_interrupted();
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    const int n = ::poll(polled.data(), polled.size(),
                         static_cast<int>(std::clamp<long long>(left, 0, 60'000)));
    check_interrupted();
    if (n > 0) return true;
    if (n == 0 && left <= 60'000) return false;
  }
}

void pause(std::chrono::milliseconds time) { wait_readable({}, Clock::now() + time); }

} // namespace hello::sys
