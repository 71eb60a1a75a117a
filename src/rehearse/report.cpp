#include <algorithm>

#include "hello/rehearse.h"

namespace hello::rehearse {

void Count::add(const Count &more) {
  requests += more.requests;
  failed += more.failed;
  slow += more.slow;
  slowest_us = std::max(slowest_us, more.slowest_us);
}

std::vector<Phase> Report::phases() const {
  std::vector<Phase> found;
  std::size_t next = 0;
  for (const Second &second : seconds) {
    for (; next < marks.size() && (marks[next].ms < second.ms || found.empty()); ++next)
      if (!marks[next].phase.empty()) found.push_back({marks[next].phase});
    if (!found.empty()) found.back().count.add(second.count);
  }
  if (!found.empty()) found.back().count.failed += unanswered;
  return found;
}

Count Report::felt() const {
  Count all;
  const std::vector<Phase> every = phases();
  for (std::size_t i = 1; i < every.size(); ++i) all.add(every[i].count);
  return all;
}

} // namespace hello::rehearse
