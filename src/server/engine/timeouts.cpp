#include <algorithm>

#include <sys/epoll.h>

#include "server/engine/loop.h"

// The states of connections and their deadlines.
namespace hello::server {

namespace {
constexpr std::int64_t kHeartbeatMs = 1000; ///< the longest round, so that a stuck loop shows
constexpr std::int64_t kLookMs = 100;       ///< between two looks at the listener's queue, at most
} // namespace

void Loop::enter_state(Connection &c, State state, std::uint32_t events) {
  // A head or a body has one deadline, however many pieces it arrives in.
  const bool continues = c.state == state &&
                         (state == State::reading_head || state == State::reading_body) &&
                         c.started != now_;
  if (!continues) {
    list(c.state).remove(c);
    c.state = state;
    c.deadline_ms = now_ms_ + timeout_ms(state);
    c.progress_bytes = 0;
    list(state).push(c);
  }
  if (c.events != events) watch(c, events);
}

void Loop::renew_deadline(Connection &c) {
  list(c.state).remove(c);
  c.deadline_ms = now_ms_ + timeout_ms(c.state);
  c.progress_bytes = 0;
  list(c.state).push(c);
}

void Loop::watch(Connection &c, std::uint32_t events) {
  epoll_event event{events, {.ptr = &c}};
  const int operation = c.events == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
  if (epoll_ctl(epoll_.get(), operation, c.fd.get(), &event) == 0) c.events = events;
}

void Loop::expire() {
  for (DeadlineList &list : lists_)
    while (Connection *c = list.first()) {
      if (c->deadline_ms > now_ms_) break;
      if (c->state == State::reading_head || c->state == State::reading_body) {
        const bool in_head = c->state == State::reading_head;
        refuse(*c, {408, in_head ? "header_timeout" : "body_timeout"}, c->input);
        process_input(*c, {});
        continue;
      }
      if (c->state == State::held) {
        release(*c);
        continue;
      }
      if (c->state == State::lingering && still_takes(*c)) {
        renew_deadline(*c);
        continue;
      }
      if (c->state == State::writing) ++timed_out_;
      cut(*c);
    }
  if (resume_accepting_ms_ && now_ms_ >= resume_accepting_ms_) resume_accepting_ms_ = 0;
  if (close_listener_ms_ && now_ms_ >= close_listener_ms_) close_listener();
}

/// Whether the client of a connection that waits for its close has taken some of its last response
/// lately, and not yet all of it.
bool Loop::still_takes(Connection &c) {
  const std::uint32_t before = c.kernel_bytes;
  if (before == 0) return false;
  read_kernel_bytes(c);
  update_charge(c);
  return c.kernel_bytes > 0 && c.kernel_bytes < before;
}

int Loop::next_timeout_ms() {
  std::int64_t next = now_ms_ + kHeartbeatMs;
  if (resume_accepting_ms_) next = std::min(next, resume_accepting_ms_);
  if (close_listener_ms_) next = std::min(next, close_listener_ms_);
  if (waiting_ > 0) {
    next = std::min(next, now_ms_ + kLookMs);
    next = std::min(next, std::max(next_candidate_ms(), now_ms_ + 1));
  }
  for (const DeadlineList &list : lists_)
    if (const Connection *c = list.first()) next = std::min(next, c->deadline_ms);
  return static_cast<int>(std::clamp<std::int64_t>(next - now_ms_, 0, kHeartbeatMs));
}

} // namespace hello::server
