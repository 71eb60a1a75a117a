#include <algorithm>
#include <cerrno>

#include <sys/epoll.h>
#include <sys/socket.h>

#include "server/engine/loop.h"

// How a loop accepts connections, up to the limit that all loops of the address share.
namespace hello::server {

namespace {
constexpr int kMaxAccepts = 64; ///< in one round; then the open connections are served
constexpr std::int64_t kDescriptorPauseMs = 100; ///< when no descriptor is free
constexpr std::int64_t kEvictionPauseMs = 1;     ///< while another loop evicts a connection
/// How far the group may exceed its limit while other loops evict.
constexpr std::size_t kMaxExcess = 16;

bool out_of_descriptors(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}
} // namespace

void Loop::accept_connections() {
  LoopGroup &group = *config_.group;
  // At most half of the loop's share: more would evict each other before their requests are read.
  const std::size_t share = group.max_connections / group.loops.size();
  const int count = std::min<int>(kMaxAccepts, static_cast<int>(share / 2) + 1);
  for (int i = 0; i < count && listener_; ++i) {
    if (group.connections.load(std::memory_order_relaxed) >= group.max_connections + kMaxExcess)
      return pause_accepting(kEvictionPauseMs);
    sys::Address peer;
    socklen_t size = sizeof peer;
    sys::Fd fd(::accept4(listener_.get(), &peer.any, &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (fd) {
      if (!admit(std::move(fd), peer)) ++turned_away_;
      continue;
    }
    if (out_of_descriptors(errno))
      return pause_accepting(evict_from_any_loop() ? kEvictionPauseMs : kDescriptorPauseMs);
    if (errno == EAGAIN) return;
    // Any other error is about this one connection: accept(2), "Error handling".
  }
}

/// False if there is no room for the connection: it is closed.
bool Loop::admit(sys::Fd fd, const sys::Address &peer) {
  LoopGroup &group = *config_.group;
  const std::size_t before = group.connections.fetch_add(1, std::memory_order_relaxed);
  bool admitted = before < group.max_connections || evict_from_any_loop();
  if (admitted) {
    auto c = std::make_unique<Connection>();
    c->fd = std::move(fd);
    c->peer = peer;
    c->events = kReadEvents;
    epoll_event event{kReadEvents, {.ptr = c.get()}};
    admitted = epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, c->fd.get(), &event) == 0;
    if (admitted) {
      ++accepted_;
      ++connections_;
      c->deadline_ms = now_ms_ + timeout_ms(State::idle);
      list(State::idle).push(*c.release());
    }
  }
  if (!admitted) group.connections.fetch_sub(1, std::memory_order_relaxed);
  return admitted;
}

void Loop::pause_accepting(std::int64_t ms) {
  epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, listener_.get(), nullptr);
  resume_accepting_ms_ = now_ms_ + ms;
}

void Loop::resume_accepting() {
  resume_accepting_ms_ = 0;
  epoll_event event{EPOLLIN, {.ptr = nullptr}};
  epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, listener_.get(), &event);
}

} // namespace hello::server
