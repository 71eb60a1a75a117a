#include "cli/view/patience.h"

#include <algorithm>

#include <pthread.h>
#include <signal.h>

namespace hello::cli {

using namespace std::chrono_literals;

Patience::Patience(Say say) : say_(std::move(say)) {
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before); // signals are for the command's thread
  thread_ = std::thread([this] { run(); });
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Patience::~Patience() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void Patience::expect(std::string_view what) {
  {
    const std::lock_guard lock(mutex_);
    what_ = what;
    ++heard_;
  }
  changed_.notify_one();
}

void Patience::run() {
  std::unique_lock lock(mutex_);
  std::chrono::milliseconds silence = 2s;
  while (!ended_) {
    changed_.wait(lock, [&] { return ended_ || !what_.empty(); });
    const unsigned before = heard_;
    if (changed_.wait_for(lock, silence, [&] { return ended_ || heard_ != before; })) {
      silence = 2s;
      continue;
    }
    const std::string line = "waiting for " + what_;
    lock.unlock();
    say_(line);
    lock.lock();
    silence = std::min<std::chrono::milliseconds>(silence * 2, 60s);
  }
}

} // namespace hello::cli
