#include <algorithm>

#include <linux/sock_diag.h>
#include <sys/socket.h>

#include "hello/notice.h"
#include "server/engine/loop.h"

// What the connections cost in hello and in the kernel, and what happens past the budget.
namespace hello::server {

namespace {
/// Counted of a buffer's unused part: the system gives memory a page at a time, when it is touched.
constexpr std::size_t kPageBytes = 4 << 10;
constexpr std::int64_t kWakeOthersMs = 10; ///< between two calls to the other loops
constexpr std::int64_t kNoticePauseMs = 60'000;
} // namespace

/// Charges the connection by its state and buffers. Call it after each change of them.
void Loop::update_charge(Connection &c) {
  const bool is_bare = !c.body && c.input.empty() && c.output.empty() && c.kernel_bytes == 0;
  if (is_bare && c.charged_bytes == kIdlePrice && c.state != State::writing) return;
  std::size_t bytes = kIdlePrice + (c.body ? sizeof(Body) + c.body->head.size() : 0);
  for (const std::string *text : {&c.input, &c.output})
    if (!text->empty()) bytes += std::min(text->capacity(), text->size() + kPageBytes);
  bytes += c.state == State::writing ? kWritingPrice : c.kernel_bytes;
  if (bytes == c.charged_bytes) return;
  const std::size_t added = bytes - c.charged_bytes; // wraps around where it is less
  charged_bytes_ += added;
  config_.group->budget->charge_connections(static_cast<std::ptrdiff_t>(added));
  c.charged_bytes = static_cast<std::uint32_t>(bytes);
}

/// Responses that the kernel took may still be there, if the client does not read them.
void Loop::read_kernel_bytes(Connection &c) {
  std::uint32_t memory[SK_MEMINFO_VARS] = {};
  socklen_t size = sizeof memory;
  c.unchecked_bytes = 0;
  if (::getsockopt(c.fd.get(), SOL_SOCKET, SO_MEMINFO, memory, &size) == 0)
    c.kernel_bytes = memory[SK_MEMINFO_WMEM_QUEUED] + memory[SK_MEMINFO_RMEM_ALLOC];
}

/// When all connections and pages together cost more than the budget, and this loop's connections
/// more than its share, closes some of them.
void Loop::enforce_budget() {
  const LoopGroup &group = *config_.group;
  const Budget &budget = *group.budget;
  if (!budget.is_exceeded()) return;
  const std::size_t share = budget.for_connections() / group.loops.size();
  if (charged_bytes_ <= share) return wake_other_loops();
  for (Connection *c = list(State::idle).first(); c; c = c->next)
    if (c->kernel_bytes > 0) { // as last read: the client may have read since
      read_kernel_bytes(*c);
      update_charge(*c);
    }
  while (budget.is_exceeded() && charged_bytes_ > share) {
    Connection *c = candidate();
    if (!c) c = costliest();
    if (!c) return;
    ++evicted_for_memory_;
    cut(*c);
    if (noticed_budget_ms_ != 0 && now_ms_ - noticed_budget_ms_ < kNoticePauseMs) continue;
    noticed_budget_ms_ = now_ms_;
    notice(Level::warning, Event::memory_budget,
           "the memory budget is used up: closing the slowest connections",
           {{"budget_bytes", std::to_string(budget.limit_bytes())},
            {"connections", std::to_string(connections_)}});
  }
}

/// Lets the other loops know that memory is short.
void Loop::wake_other_loops() {
  if (now_ms_ - woke_others_ms_ < kWakeOthersMs) return;
  woke_others_ms_ = now_ms_;
  for (Loop *loop : config_.group->loops)
    if (loop != this) loop->wake();
}

/// A loop without memory for a newcomer has woken this one. Closes connections past their grace, as
/// long as this loop has more than its share.
void Loop::make_room_for_other_loops() {
  const LoopGroup &group = *config_.group;
  while (!group.budget->has_room() &&
         charged_bytes_ > group.budget->for_connections() / group.loops.size()) {
    Connection *const c = candidate();
    if (!c) return;
    ++evicted_for_memory_;
    cut(*c);
  }
}

/// The connection to close where none is past its grace: one that holds buffers, the slowest first.
Connection *Loop::costliest() {
  if (Connection *c = list(State::writing).first()) return c;
  for (Connection *c = list(State::idle).first(); c; c = c->next)
    if (c->kernel_bytes > 0) return c;
  for (State state :
       {State::reading_head, State::reading_body, State::lingering, State::idle, State::held})
    if (Connection *c = list(state).first()) return c;
  return list(State::fresh).first();
}

} // namespace hello::server
