#include "hello/nearest.h"

#include <algorithm>
#include <vector>

#include "hello/text.h"

namespace hello::config {
namespace {

/// Edit distance with swapped neighbors (optimal string alignment), ignoring case.
std::size_t distance(std::string_view one, std::string_view other) {
  const std::string a = text::lower(one), b = text::lower(other);
  std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i)
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        d[i][j] = i + j;
        continue;
      }
      std::size_t cost = a[i - 1] != b[j - 1];
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + cost});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  return d[a.size()][b.size()];
}

} // namespace

std::string nearest(std::string_view word, std::span<const std::string_view> known) {
  std::string_view best;
  std::size_t least = std::max<std::size_t>(2, word.size() / 3) + 1;
  if (word.size() > 100) return {};
  for (std::string_view candidate : known)
    if (const std::size_t d = distance(word, candidate); d < least && d < candidate.size()) {
      least = d;
      best = candidate;
    }
  return std::string(best);
}

std::string hint(const std::string &near) {
  return near.empty() ? "" : " (did you mean " + near + "?)";
}

} // namespace hello::config
