#include "server/engine/connection.h"

#include <algorithm>

namespace hello::server {

bool Body::consume(std::string_view &bytes, const Limits &limits) {
  std::size_t before = bytes.size();
  if (is_chunked) {
    chunked.consume(bytes, limits);
  } else {
    auto n = std::min<std::uint64_t>(left, bytes.size());
    bytes.remove_prefix(n);
    left -= n;
  }
  received += before - bytes.size();
  return is_chunked ? chunked.done() : left == 0;
}

void WaitList::push(Connection &c) {
  c.before = last_;
  c.after = nullptr;
  (last_ ? last_->after : first_) = &c;
  last_ = &c;
  ++size_;
}

void WaitList::remove(Connection &c) {
  (c.before ? c.before->after : first_) = c.after;
  (c.after ? c.after->before : last_) = c.before;
  --size_;
}

} // namespace hello::server
