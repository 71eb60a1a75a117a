#include <algorithm>
#include <cerrno>

#include <sys/epoll.h>
#include <sys/socket.h>

#include "server/engine/listener.h"
#include "server/engine/loop.h"

namespace hello::server {

namespace {
constexpr int kAccepts = 64; ///< in one round, so that those who are in are served between
constexpr std::int64_t kAcceptPause = 100;
constexpr std::int64_t kRoomPause = 1; ///< for another loop to make room
constexpr std::size_t kOver = 16;      ///< let in past the cap until it has
constexpr std::int64_t kFreshGrace =
    1000; ///< for the first request of who was let in at the very end
} // namespace

void Loop::accept_some() {
  const std::size_t share = config_.crowd->most / config_.crowd->loops.size();
  const int some =
      std::min<int>(kAccepts, static_cast<int>(share / 2) +
                                  1); // else newcomers, unheard, take each other's place
  for (int i = 0; i < some && listener_; ++i) {
    if (config_.crowd->open.load(std::memory_order_relaxed) >= config_.crowd->most + kOver)
      return pause_accepting(kRoomPause);
    sys::Address peer;
    socklen_t size = sizeof peer;
    sys::Fd fd(::accept4(listener_.get(), &peer.any, &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd) {
      if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        pause_accepting(make_room() ? kRoomPause : kAcceptPause);
        return;
      }
      if (errno == EAGAIN) return;
      continue; // what went wrong concerns that one connection: accept(2), "Error handling"
    }
    if (config_.crowd->open.fetch_add(1, std::memory_order_relaxed) >= config_.crowd->most &&
        !make_room()) {
      config_.crowd->open.fetch_sub(1, std::memory_order_relaxed);
      ++turned_away_;
      continue;
    }
    auto c = std::make_unique<Connection>();
    c->fd = std::move(fd);
    c->peer = peer;
    c->events = kIn;
    epoll_event event{kIn, {.ptr = c.get()}};
    if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, c->fd.get(), &event) != 0) {
      config_.crowd->open.fetch_sub(1, std::memory_order_relaxed);
      ++turned_away_;
      continue;
    }
    ++accepted_;
    ++connections_;
    c->deadline_ms = now_ms_ + config_.timeouts[static_cast<std::size_t>(Waiting::request)].count();
    list(Waiting::request).push(*c.release());
  }
}

std::int64_t Loop::idle_until() const {
  const Connection *c = lists_[static_cast<std::size_t>(Waiting::request)].first();
  return c ? c->deadline_ms : kNobody;
}

/// The longest idle one goes, whichever loop has it. False: nobody is there to go.
bool Loop::make_room() {
  Loop *longest = this;
  std::int64_t until = idle_until();
  for (Loop *loop : config_.crowd->loops)
    if (const std::int64_t theirs = loop->idle_until_.load(std::memory_order_relaxed);
        loop != this && theirs < until &&
        loop->asked_ < loop->status_.idle) { // as often as it has one to close
      longest = loop;
      until = theirs;
    }
  if (longest == this) return close_longest();
  longest->asked_.fetch_add(1, std::memory_order_release);
  longest->wake();
  return true;
}

/// The one that waits longest, idle ones first: they lose least.
bool Loop::close_longest() {
  for (Waiting waiting :
       {Waiting::request, Waiting::peer_close, Waiting::head, Waiting::body, Waiting::writable})
    if (Connection *c = list(waiting).first()) {
      ++evicted_;
      close(*c);
      return true;
    }
  return false;
}

/// What the others have asked for. No longer counted only once the fewer idle ones show, lest they
/// ask for more than there are.
void Loop::give_way() {
  const std::int64_t asked = asked_.load(std::memory_order_acquire);
  if (asked == 0) return;
  for (std::int64_t n = 0; n < asked; ++n) close_longest();
  publish();
  asked_.fetch_sub(asked, std::memory_order_release);
}

void Loop::pause_accepting(std::int64_t ms) {
  epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, listener_.get(), nullptr);
  accept_again_ms_ = now_ms_ + ms;
}

void Loop::begin_closing() {
  const std::uint64_t end =
      accepted_ + turned_away_ + kBacklog; // who comes while we empty the queue is too late
  std::uint64_t before;
  do {
    before = accepted_ + turned_away_;
    accept_some();
  } while (accepted_ + turned_away_ > before && before < end);
  listener_.reset();
  accept_again_ms_ = 0;
  WaitList idle;
  std::swap(idle, list(Waiting::request));
  while (Connection *c = idle.first()) {
    idle.remove(*c);
    list(Waiting::request).push(*c);
    read(*c, false); // a request that came in this very moment is still served
    if (!c->fd || c->waiting != Waiting::request) continue;
    if (c->fresh)
      c->deadline_ms = now_ms_ + kFreshGrace;
    else
      close(*c);
  }
}

} // namespace hello::server
