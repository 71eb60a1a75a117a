#include <algorithm>

#include "server/engine/loop.h"

// Which connections are closed when there are too many of them, or when they buffer too much.
namespace hello::server {

namespace {
/// Counted of a buffer's unused part: the system gives memory a page at a time, when it is touched.
constexpr std::size_t kPageBytes = 4 << 10;
} // namespace

std::int64_t Loop::first_idle_deadline_ms() const {
  const Connection *c = lists_[static_cast<std::size_t>(State::idle)].first();
  return c ? c->deadline_ms : kNever;
}

/// Closes the longest-idle connection of the group, or asks its loop to. False if there is none.
bool Loop::evict_from_any_loop() {
  Loop *chosen = this;
  std::int64_t first = first_idle_deadline_ms();
  for (Loop *loop : config_.group->loops) {
    if (loop == this) continue;
    const std::int64_t deadline = loop->published_idle_deadline_ms_.load(std::memory_order_relaxed);
    if (deadline >= first) continue;
    // Not more evictions than it has idle connections.
    if (loop->requested_evictions_ >= loop->status_.idle) continue;
    chosen = loop;
    first = deadline;
  }
  if (chosen == this) return evict_one();
  chosen->requested_evictions_.fetch_add(1, std::memory_order_release);
  chosen->wake();
  return true;
}

/// Closes the connection of this loop that has waited longest, idle ones first: they lose least.
bool Loop::evict_one() {
  constexpr State kOrder[] = {State::idle, State::lingering, State::reading_head,
                              State::reading_body, State::writing};
  for (State state : kOrder)
    if (Connection *c = list(state).first()) {
      ++evicted_;
      close(*c);
      return true;
    }
  return false;
}

/// Closes as many connections as the other loops have asked for. The requests are cleared after the
/// new number of idle connections is published; otherwise the other loops would ask for more than
/// are left.
void Loop::evict_for_other_loops() {
  const std::int64_t count = requested_evictions_.load(std::memory_order_acquire);
  if (count == 0) return;
  for (std::int64_t n = 0; n < count; ++n) evict_one();
  publish();
  requested_evictions_.fetch_sub(count, std::memory_order_release);
}

void Loop::update_buffered_bytes(Connection &c) {
  std::size_t bytes = c.body ? c.body->head.size() : 0;
  for (const std::string *text : {&c.input, &c.output})
    if (!text->empty()) bytes += std::min(text->capacity(), text->size() + kPageBytes);
  if (bytes == c.buffered_bytes) return;
  buffered_bytes_ += bytes - c.buffered_bytes;
  config_.group->buffered_bytes.fetch_add(bytes - c.buffered_bytes, std::memory_order_relaxed);
  c.buffered_bytes = static_cast<std::uint32_t>(bytes);
}

/// When all connections together buffer more than the limit and this loop more than its share,
/// closes the connections nearest their deadline. Idle ones buffer nothing and stay.
void Loop::enforce_buffer_limit() {
  const LoopGroup &group = *config_.group;
  while (buffered_bytes_ * group.loops.size() > group.max_buffered_bytes &&
         group.buffered_bytes.load(std::memory_order_relaxed) > group.max_buffered_bytes) {
    Connection *first = nullptr;
    for (State state : {State::reading_head, State::reading_body, State::writing}) {
      Connection *c = list(state).first();
      if (c && (!first || c->deadline_ms < first->deadline_ms)) first = c;
    }
    if (!first) return;
    ++evicted_;
    close(*first);
  }
}

} // namespace hello::server
