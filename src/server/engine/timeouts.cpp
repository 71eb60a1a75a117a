#include <algorithm>

#include <sys/epoll.h>

#include "server/engine/loop.h"

namespace hello::server {

namespace {
constexpr std::int64_t kBeat = 1000; ///< so often a loop comes round, though nothing happens
} // namespace

void Loop::wait_for(Connection &c, Waiting waiting, std::uint32_t events) {
  // The time for a head or a body is one for all of it, however many pieces it comes in.
  bool same_wait = c.waiting == waiting && (waiting == Waiting::head || waiting == Waiting::body) &&
                   c.started != now_;
  if (!same_wait) {
    list(c.waiting).remove(c);
    c.waiting = waiting;
    c.deadline_ms = now_ms_ + config_.timeouts[static_cast<std::size_t>(waiting)].count();
    list(waiting).push(c);
  }
  if (c.events != events) watch(c, events);
}

void Loop::watch(Connection &c, std::uint32_t events) {
  c.events = events;
  epoll_event event{events, {.ptr = &c}};
  epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, c.fd.get(), &event);
}

void Loop::expire() {
  for (std::size_t kind = 0; kind < kWaitings; ++kind)
    while (Connection *c = lists_[kind].first()) {
      if (c->deadline_ms > now_ms_) break;
      bool asks = c->waiting == Waiting::head || c->waiting == Waiting::body;
      if (!asks) {
        timed_out_ += c->waiting == Waiting::writable; // the end of an idle one is no refusal
        close(*c);
        continue;
      }
      refuse(*c, {408, c->waiting == Waiting::head ? "header_timeout" : "body_timeout"}, c->in);
      finish(*c, {});
    }
  if (accept_again_ms_ && now_ms_ >= accept_again_ms_ && listener_) {
    accept_again_ms_ = 0;
    epoll_event accept{EPOLLIN, {.ptr = nullptr}};
    epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, listener_.get(), &accept);
  }
}

int Loop::next_timeout_ms() const {
  std::int64_t next = now_ms_ + kBeat;
  if (accept_again_ms_) next = std::min(next, accept_again_ms_);
  for (const WaitList &waiting : lists_)
    if (const Connection *c = waiting.first()) next = std::min(next, c->deadline_ms);
  return static_cast<int>(std::clamp<std::int64_t>(next - now_ms_, 0, kBeat));
}

} // namespace hello::server
