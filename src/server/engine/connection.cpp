#include "server/engine/connection.h"

#include <algorithm>

namespace hello::server {

bool Body::consume(std::string_view &bytes, const Limits &limits) {
  const std::size_t before = bytes.size();
  if (is_chunked) {
    chunked.consume(bytes, limits);
  } else {
    const auto n = std::min<std::uint64_t>(remaining, bytes.size());
    bytes.remove_prefix(n);
    remaining -= n;
  }
  received += before - bytes.size();
  return is_chunked ? chunked.done() : remaining == 0;
}

void DeadlineList::push(Connection &c) {
  c.previous = last_;
  c.next = nullptr;
  (last_ ? last_->next : first_) = &c;
  last_ = &c;
  ++size_;
}

void DeadlineList::insert(Connection &c) {
  Connection *before = last_;
  while (before && before->deadline_ms > c.deadline_ms) before = before->previous;
  c.previous = before;
  c.next = before ? before->next : first_;
  (c.previous ? c.previous->next : first_) = &c;
  (c.next ? c.next->previous : last_) = &c;
  ++size_;
}

void DeadlineList::remove(Connection &c) {
  (c.previous ? c.previous->next : first_) = c.next;
  (c.next ? c.next->previous : last_) = c.previous;
  --size_;
}

} // namespace hello::server
