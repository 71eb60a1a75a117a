#include "hello/histogram.h"

#include <algorithm>
#include <bit>

namespace hello {
namespace {

constexpr int kBits = 6; // a bucket is a 64th of its values wide
constexpr std::uint64_t kLargest = std::uint64_t{1} << 45;

/// Values below 128 have a bucket each; every doubling above has 64.
std::size_t index_of(std::uint64_t value) {
  const int shift = std::max(static_cast<int>(std::bit_width(value)) - kBits - 1, 0);
  return (static_cast<std::size_t>(shift) << kBits) + static_cast<std::size_t>(value >> shift);
}

Histogram::Bucket bounds_of(std::size_t index) {
  const std::size_t shift = index < (2U << kBits) ? 0 : (index >> kBits) - 1;
  const std::uint64_t from = (index - (shift << kBits)) << shift;
  return {from, from + (std::uint64_t{1} << shift) - 1};
}

const std::size_t kBuckets = index_of(kLargest) + 1;

} // namespace

void Histogram::add(std::uint64_t value) {
  value = std::min(value, kLargest);
  if (counts_.empty()) counts_.resize(kBuckets);
  ++counts_[index_of(value)];
  ++count_;
  sum_ += value;
  max_ = std::max(max_, value);
}

std::uint64_t Histogram::quantile(std::uint32_t millionths) const {
  const std::uint64_t wanted =
      std::max<std::uint64_t>((count_ * millionths + 999'999) / 1'000'000, 1);
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i)
    if ((seen += counts_[i]) >= wanted) return std::min(bounds_of(i).to, max_);
  return max_;
}

std::uint64_t Histogram::count_above(std::uint64_t value) const {
  std::uint64_t above = 0;
  for (std::size_t i = index_of(std::min(value, kLargest)) + 1; i < counts_.size(); ++i)
    above += counts_[i];
  return above;
}

std::vector<Histogram::Bucket> Histogram::buckets() const {
  std::vector<Bucket> filled;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    if (counts_[i] == 0) continue;
    filled.push_back(bounds_of(i));
    filled.back().count = counts_[i];
  }
  return filled;
}

} // namespace hello
