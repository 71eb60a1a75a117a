#include <algorithm>

#include "server/engine/loop.h"

// Which connection makes room for another one. Only while others wait to be accepted, or the memory
// budget is exceeded, and in this order:
//   1. without a complete request for longer than the grace, the oldest first;
//   2. waiting for the peer to close;
//   3. a body or a response that has moved less than 16 KiB within the grace, the slowest first;
//   4. idle between requests for longer than Admission::idle, the longest-idle first.
// A request that is being served at full rate is never cut. A busy connection is asked to close
// after its turn.
namespace hello::server {

namespace {
constexpr std::int64_t kBodyScanMs = 20; ///< between two searches for slow bodies
} // namespace

/// It shrinks as more connections wait and as they wait longer, and is the least one where memory
/// is short.
std::int64_t Loop::grace_ms() const {
  const Admission &admission = config_.group->admission;
  const std::int64_t most = admission.grace.count(), least = admission.least_grace.count();
  if (waiting_ >= share_ || !config_.group->budget->has_room()) return least;
  const std::int64_t by_number =
      (most - least) * static_cast<std::int64_t>(waiting_) / static_cast<std::int64_t>(share_);
  const std::int64_t by_time = waiting_since_ms_ ? now_ms_ - waiting_since_ms_ : 0;
  return std::max(least, most - std::max(by_number, by_time));
}

std::int64_t Loop::idle_ms() const {
  const Admission &admission = config_.group->admission;
  const std::int64_t least = admission.least_idle.count();
  return waiting_since_ms_ && now_ms_ - waiting_since_ms_ >= least ? least : admission.idle.count();
}

/// When the connection entered its state, or last made progress in it.
std::int64_t Loop::since_ms(const Connection &c) const {
  return c.deadline_ms - timeout_ms(c.state);
}

/// The oldest connection without a complete request, if it is that old.
Connection *Loop::incomplete(std::int64_t before_ms) {
  Connection *const fresh = list(State::fresh).first(), *const head =
                                                            list(State::reading_head).first();
  Connection *oldest = fresh ? fresh : head;
  if (fresh && head && since_ms(*head) < since_ms(*fresh)) oldest = head;
  return oldest && since_ms(*oldest) <= before_ms ? oldest : nullptr;
}

/// The slowest body or response, if its last 16 KiB were complete before that time.
Connection *Loop::slow(std::int64_t before_ms) {
  Connection *slowest = list(State::writing).first();
  std::int64_t since = slowest ? since_ms(*slowest) : kNever;
  // The bodies are in the order of their deadlines, which progress does not move.
  if (now_ms_ - scanned_bodies_ms_ >= kBodyScanMs) {
    scanned_bodies_ms_ = now_ms_;
    for (Connection *c = list(State::reading_body).first(); c; c = c->next)
      if (c->body->progress_ms < since) {
        slowest = c;
        since = c->body->progress_ms;
      }
    if (slowest && since <= before_ms) scanned_bodies_ms_ = 0; // there may be more of them
  }
  return slowest && since <= before_ms ? slowest : nullptr;
}

Connection *Loop::candidate() {
  const Admission &admission = config_.group->admission;
  const std::int64_t before_ms = now_ms_ - grace_ms();
  if (Connection *c = incomplete(before_ms)) return c;
  Connection *const lingering = list(State::lingering).first();
  if (lingering && since_ms(*lingering) <= now_ms_ - admission.least_grace.count())
    return lingering;
  if (Connection *c = slow(before_ms)) return c;
  Connection *const idle = list(State::idle).first();
  return idle && since_ms(*idle) <= now_ms_ - idle_ms() ? idle : nullptr;
}

/// When a connection may next make room, as far as that is known.
std::int64_t Loop::next_candidate_ms() {
  const Admission &admission = config_.group->admission;
  const std::int64_t grace = grace_ms();
  const std::pair<State, std::int64_t> times[] = {{State::fresh, grace},
                                                  {State::reading_head, grace},
                                                  {State::lingering, admission.least_grace.count()},
                                                  {State::writing, grace},
                                                  {State::idle, idle_ms()}};
  std::int64_t next = kNever;
  for (const auto &[state, time] : times)
    if (const Connection *c = list(state).first()) next = std::min(next, since_ms(*c) + time);
  return next;
}

/// Whether a busy connection should leave its place to one that waits.
bool Loop::is_turn_over(const Connection &c) const {
  const Admission &admission = config_.group->admission;
  return waiting_ > 0 && (c.requests >= admission.turn_requests ||
                          now_ms_ - c.accepted_ms >= admission.turn.count());
}

} // namespace hello::server
