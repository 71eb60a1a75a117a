#include "cli/view/patience.h"

#include <algorithm>

#include <pthread.h>
#include <signal.h>

namespace hello::cli {

using namespace std::chrono_literals;

namespace {

namespace event = deploy::event;

constexpr std::string_view kCluster = "the cluster to answer";

/// What a run waits for once an event of this kind has happened; none: the same as before.
std::optional<std::string_view> next_after(const deploy::Event &event) {
  if (const auto *note = std::get_if<event::Note>(&event); note && !note->awaits.empty())
    return note->awaits;
  if (std::holds_alternative<event::Target>(event) ||
      std::holds_alternative<event::Removed>(event) ||
      std::holds_alternative<event::Failing>(event) ||
      std::holds_alternative<event::RollingBack>(event))
    return kCluster;
  if (std::holds_alternative<event::Planned>(event)) return "the cluster to take the changes";
  if (std::holds_alternative<event::Applied>(event) ||
      std::holds_alternative<event::Progress>(event))
    return "the rollout";
  if (std::holds_alternative<event::Ready>(event)) return "the service to answer";
  return std::nullopt;
}

} // namespace

Patience::Patience(Say say) : say_(std::move(say)) {
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before); // signals are for the command's thread
  thread_ = std::thread([this] { run(); });
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Patience::Patience(const Console &console, std::string_view what)
    : Patience([console](const std::string &line) { console.note(line); }) {
  expect(what);
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

void Patience::hear(const deploy::Event &event) {
  const auto next = next_after(event);
  {
    const std::lock_guard lock(mutex_);
    if (next || what_.empty()) what_ = next.value_or(kCluster);
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
