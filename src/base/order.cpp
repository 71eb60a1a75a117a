#include "hello/order.h"

#include <algorithm>
#include <numeric>

namespace hello {

std::vector<std::size_t> order(std::size_t count, const ComesBefore &before) {
  std::vector<std::size_t> indices(count);
  std::iota(indices.begin(), indices.end(), std::size_t(0));
  std::stable_sort(indices.begin(), indices.end(),
                   [&before](std::size_t a, std::size_t b) { return before(a, b); });
  return indices;
}

} // namespace hello
