#include "server/engine/loop.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "hello/error.h"
#include "server/engine/listener.h"

namespace hello::server {

namespace {
constexpr int kMaxEvents = 128; ///< of one round
/// Between the last new handshake and the close of the listener: for handshakes under way.
constexpr std::int64_t kLastHandshakesMs = 50;
/// Bounds of what a connection may send before its kernel memory is read again.
constexpr std::size_t kLeastUnchecked = 2 << 10, kMostUnchecked = 64 << 10;
} // namespace

Loop::Loop(sys::Fd listener, const LoopConfig &config, Handler &handler, LoopStatus &status)
    : epoll_(epoll_create1(EPOLL_CLOEXEC)), wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      listener_(std::move(listener)), config_(config), handler_(handler), status_(status),
      read_buffer_(new char[kReadBytes]) {
  epoll_event wake{EPOLLIN, {.ptr = this}};
  listener_events_ = EPOLLIN;
  epoll_event accept{EPOLLIN, {.ptr = nullptr}};
  if (!epoll_ || !wake_ || epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &wake) ||
      epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, listener_.get(), &accept))
    throw Error(Exit::failure, std::string("cannot make an event loop: ") + std::strerror(errno));
  config_.group->loops.push_back(this);
}

Loop::~Loop() {
  for (DeadlineList &list : lists_)
    while (Connection *c = list.first()) {
      list.remove(*c);
      delete c;
    }
}

void Loop::enter(Phase phase) {
  requested_phase_.store(phase, std::memory_order_release);
  wake();
}

void Loop::wake() {
  std::uint64_t one = 1;
  [[maybe_unused]] auto n = ::write(wake_.get(), &one, sizeof one);
}

void Loop::drop_versions_before(std::uint64_t version) {
  oldest_version_.store(version, std::memory_order_release);
  wake();
}

void LoopGroup::drop_versions_before(std::uint64_t version) {
  for (Loop *loop : loops) loop->drop_versions_before(version);
}

void Loop::run() noexcept {
  const std::vector<Loop *> &loops = config_.group->loops;
  const auto place =
      static_cast<std::size_t>(std::find(loops.begin(), loops.end(), this) - loops.begin());
  share_ = config_.group->max_connections / loops.size() +
           (place < config_.group->max_connections % loops.size());
  std::array<epoll_event, kMaxEvents> events;
  int timeout = 0; // the first round ends at once: its heartbeat shows that the loop has started
  while (true) {
    const int n = epoll_wait(epoll_.get(), events.data(), kMaxEvents, timeout);
    now_ = Clock::now();
    now_ms_ =
        std::chrono::duration_cast<std::chrono::milliseconds>(now_.time_since_epoch()).count();
    if (n == 0) std::string().swap(output_); // idle: give the memory of busy times back
    bool can_accept = false, woken = false;
    for (int i = 0; i < n; ++i) {
      void *source = events[static_cast<std::size_t>(i)].data.ptr;
      if (source == nullptr)
        can_accept = true;
      else if (source != this)
        on_event(*static_cast<Connection *>(source), events[static_cast<std::size_t>(i)].events);
      else if (std::uint64_t count; ::read(wake_.get(), &count, sizeof count) > 0)
        woken = true;
    }
    if (can_accept && listener_events_ != EPOLLIN) {
      listener_events_ = 0; // epoll reports it once
      set_waiting(std::max<std::size_t>(waiting_, 1));
    }
    // After the events of this round: a connection whose request has just arrived is not idle.
    if (woken) on_wake();
    if (can_accept && listener_ && !close_listener_ms_) accept_connections();
    if (Phase phase = requested_phase_.load(std::memory_order_acquire); phase != phase_) {
      phase_ = phase;
      if (phase_ == Phase::closing) start_closing();
    }
    expire();
    balance();
    publish();
    handler_.flush();
    closed_.clear();
    if (phase_ == Phase::stopped || (phase_ == Phase::closing && connections_ == 0 && !listener_))
      break;
    timeout = next_timeout_ms();
  }
  ended_.store(true, std::memory_order_release);
}

void Loop::on_event(Connection &c, std::uint32_t events) {
  if (!c.fd) return; // closed earlier in this round
  // Except when lingering: there the unread input must be read first, or closing would reset the
  // connection and lose the response.
  if (events & (EPOLLERR | EPOLLHUP) && c.state != State::lingering) return close(c);
  if (events & EPOLLOUT) return on_writable(c);
  read(c, events);
}

void Loop::on_wake() {
  const std::uint64_t oldest = oldest_version_.load(std::memory_order_acquire);
  for (Connection *c = list(State::writing).first(), *next; c; c = next) {
    next = c->next;
    if (!c->shared.owner || c->shared.version >= oldest) continue;
    ++evicted_for_memory_;
    cut(*c);
  }
  enforce_budget();
  make_room_for_other_loops();
}

void Loop::start_closing() {
  refuse_handshakes(listener_.get());
  watch_listener(0);
  resume_accepting_ms_ = 0;
  set_waiting(0);
  close_listener_ms_ = now_ms_ + kLastHandshakesMs;
  DeadlineList idle, fresh;
  std::swap(idle, list(State::idle));
  std::swap(fresh, list(State::fresh));
  accept_all();
  while (Connection *c = idle.first()) {
    idle.remove(*c);
    list(State::idle).push(*c);
    read(*c, EPOLLIN); // a request that has just arrived is still served
    if (c->fd && c->state == State::idle) close(*c);
  }
  while (Connection *c = fresh.first()) {
    fresh.remove(*c);
    c->deadline_ms = now_ms_ + kFirstRequestMs;
    list(State::fresh).push(*c);
    read(*c, EPOLLIN);
  }
}

/// The handshakes that were under way when new ones were refused are complete.
void Loop::close_listener() {
  accept_all();
  listener_.reset();
  close_listener_ms_ = 0;
}

void Loop::publish() {
  const LoopGroup &group = *config_.group;
  unchecked_limit_ = std::clamp(group.budget->limit_bytes() / 8 / group.loops.size() /
                                    std::max<std::size_t>(connections_, 1),
                                kLeastUnchecked, kMostUnchecked);
  const auto set = [](auto &shown, auto value) { shown.store(value, std::memory_order_relaxed); };
  const auto size = [this](State state) { return static_cast<std::int64_t>(list(state).size()); };
  set(status_.heartbeat_ms, now_ms_);
  set(status_.idle, size(State::fresh) + size(State::idle));
  set(status_.reading, size(State::reading_head) + size(State::reading_body));
  set(status_.writing, size(State::writing) + size(State::held));
  set(status_.closing, size(State::lingering));
  set(status_.accepted, accepted_);
  set(status_.evicted, evicted_);
  set(status_.evicted_for_memory, evicted_for_memory_);
  set(status_.timed_out, timed_out_);
  set(status_.turned_away, turned_away_);
  set(status_.received_bytes, received_);
  set(status_.sent_bytes, sent_);
}

} // namespace hello::server
