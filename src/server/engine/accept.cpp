#include <algorithm>
#include <cerrno>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "server/engine/listener.h"
#include "server/engine/loop.h"

// How a loop accepts connections, up to its share of those that the group may have.
namespace hello::server {

namespace {
constexpr int kMaxAccepts = 64; ///< in one round; then the open connections are served
constexpr std::int64_t kDescriptorPauseMs = 100; ///< when no descriptor is free
constexpr std::uint32_t kFirstNewcomer = EPOLLIN | EPOLLONESHOT;

bool out_of_descriptors(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}
} // namespace

/// At its share, or without memory for one more connection.
bool Loop::is_full() const { return connections_ >= share_ || !config_.group->budget->has_room(); }

void Loop::set_waiting(std::size_t count) {
  waiting_ = count;
  if (count == 0)
    waiting_since_ms_ = 0;
  else if (waiting_since_ms_ == 0)
    waiting_since_ms_ = now_ms_;
}

/// Closes connections until there is a place for one more. False if none may be closed now.
bool Loop::make_place() {
  while (is_full()) {
    Connection *const c = candidate();
    if (!c) {
      if (connections_ < share_) wake_other_loops(); // they may have the memory
      return false;
    }
    ++(connections_ < share_ ? evicted_for_memory_ : evicted_);
    cut(*c);
  }
  return true;
}

void Loop::accept_connections() {
  // At most half of the share: where the grace is 0, more would evict each other before their
  // requests are read.
  const int most = std::min<int>(kMaxAccepts, static_cast<int>(share_ / 2) + 1);
  for (int i = 0; i < most && listener_; ++i)
    if ((is_full() && (waiting_ == 0 || !make_place())) || !accept_one()) return;
}

/// Accepts all that wait, past the share as far as memory allows, but not forever: connections may
/// keep arriving while the queue is emptied.
void Loop::accept_all() {
  for (int i = 0; i < 2 * kBacklog && !config_.group->budget->is_exceeded(); ++i)
    if (!accept_one()) return;
}

/// False if no connection waits, or none can be accepted now.
bool Loop::accept_one() {
  sys::Address peer;
  socklen_t size = sizeof peer;
  sys::Fd fd(::accept4(listener_.get(), &peer.any, &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (fd) {
    if (waiting_ > 0) --waiting_;
    admit(std::move(fd), peer);
    return true;
  }
  if (out_of_descriptors(errno)) {
    resume_accepting_ms_ = now_ms_ + kDescriptorPauseMs;
    watch_listener(0);
    return false;
  }
  return errno !=
         EAGAIN; // any other error is about this one connection: accept(2), "Error handling"
}

void Loop::admit(sys::Fd fd, const sys::Address &peer) {
  auto *const c = new Connection;
  c->fd = std::move(fd);
  c->peer = peer;
  c->accepted_ms = now_ms_;
  c->deadline_ms =
      now_ms_ + (phase_ == Phase::closing ? kFirstRequestMs : timeout_ms(State::fresh));
  list(State::fresh).push(*c);
  ++accepted_;
  ++connections_;
  update_charge(*c);
  read(*c, 0); // a connection that has waited has usually sent its request
  if (c->fd && c->events == 0) watch(*c, kReadEvents);
  if (!c->fd || c->events != 0) return;
  ++turned_away_; // epoll does not take it
  close(*c);
}

/// The connections that wait in the listener's queue. Source: tcp(7), TCP_INFO; of a listener, the
/// kernel's tcp_get_info() puts the length of the queue into tcpi_unacked.
std::size_t Loop::queued() const {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (::getsockopt(listener_.get(), IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return 0;
  return info.tcpi_unacked;
}

/// Accepts connections that wait, and makes room for them. A full loop learns once of the first
/// one that waits; from then on it looks at the queue in each round, once a millisecond at most,
/// until the queue is empty.
void Loop::balance() {
  if (!listener_ || resume_accepting_ms_ || close_listener_ms_) return;
  const bool full = is_full();
  if (listener_events_ == (full ? kFirstNewcomer : EPOLLIN)) return; // nothing has changed
  if (full && looked_ms_ == now_ms_) return;
  set_waiting(queued());
  looked_ms_ = now_ms_;
  accept_connections();
  if (!listener_ || resume_accepting_ms_) return;
  const bool still_full = is_full();
  set_waiting(still_full ? queued() : 0);
  if (still_full)
    watch_listener(waiting_ > 0 ? 0 : kFirstNewcomer);
  else
    watch_listener(EPOLLIN);
}

void Loop::watch_listener(std::uint32_t events) {
  if (events == listener_events_) return;
  listener_events_ = events;
  epoll_event event{events, {.ptr = nullptr}};
  epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, listener_.get(), &event);
}

} // namespace hello::server
