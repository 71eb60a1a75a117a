#include "server/engine/stats.h"

#include <algorithm>

namespace hello::server {

std::size_t method_index(std::string_view method) {
  return static_cast<std::size_t>(std::find(kMethods.begin(), kMethods.end() - 1, method) -
                                  kMethods.begin());
}

std::size_t code_index(int code) {
  return static_cast<std::size_t>(std::find(kCodes.begin(), kCodes.end() - 1, code) -
                                  kCodes.begin());
}

void RequestStats::refuse(std::string_view reason) {
  const std::size_t size = refused_size.load(std::memory_order_relaxed);
  for (std::size_t i = 0; i < size; ++i)
    if (refused[i].reason == reason || i + 1 == refused.size()) return refused[i].count.add();
  refused[size].reason = size + 1 == refused.size() ? "other" : reason;
  refused[size].count.add();
  // Released after the row is written: a reader sees all of the row or none of it.
  refused_size.store(size + 1, std::memory_order_release);
}

} // namespace hello::server
