#include <algorithm>

#include "server/engine/loop.h"

// The bytes that connections hold between events, bounded over all loops.
namespace hello::server {
namespace {
constexpr std::size_t kPage = 4 << 10; ///< of a buffer's unused part: the rest was never touched
} // namespace

void Loop::count_kept(Connection &c) {
  std::size_t bytes = c.body ? c.body->head.size() : 0;
  for (const std::string *text : {&c.in, &c.pending})
    bytes += text->empty() ? 0 : std::min(text->capacity(), text->size() + kPage);
  if (bytes == c.kept) return;
  kept_ += bytes - c.kept;
  config_.crowd->kept.fetch_add(bytes - c.kept, std::memory_order_relaxed);
  c.kept = static_cast<std::uint32_t>(bytes);
}

/// When the total exceeds the limit, closes the connections nearest their deadline. An idle one
/// holds nothing.
void Loop::keep_less() {
  const Crowd &all = *config_.crowd;
  while (kept_ * all.loops.size() > all.most_kept &&
         all.kept.load(std::memory_order_relaxed) > all.most_kept) {
    Connection *next = nullptr;
    for (Waiting waiting : {Waiting::head, Waiting::body, Waiting::writable})
      if (Connection *c = list(waiting).first(); c && (!next || c->deadline_ms < next->deadline_ms))
        next = c;
    if (!next) return;
    ++evicted_;
    close(*next);
  }
}

} // namespace hello::server
