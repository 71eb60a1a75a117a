#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace hello {

/// Counts whole numbers (nanoseconds, for example) in buckets that are at most a sixty-fourth of
/// their values wide. Takes 22 KB, and a few instructions a value.
class Histogram {
public:
  struct Bucket {
    std::uint64_t from = 0, to = 0, count = 0; ///< the values from `from` to `to`, both included
  };

  /// A value past 2^45 counts as 2^45.
  void add(std::uint64_t value);

  std::uint64_t count() const { return count_; }
  std::uint64_t max() const { return max_; }
  std::uint64_t mean() const { return count_ ? sum_ / count_ : 0; }
  /// The smallest value that `millionths` of all values do not exceed, to a bucket's width;
  /// 500'000 is the median. 0 if there is no value.
  std::uint64_t quantile(std::uint32_t millionths) const;
  /// How many values are in buckets that lie wholly above `value`.
  std::uint64_t count_above(std::uint64_t value) const;
  /// The buckets that hold a value, in order.
  std::vector<Bucket> buckets() const;

private:
  std::vector<std::uint64_t> counts_;
  std::uint64_t count_ = 0, sum_ = 0, max_ = 0;
};

} // namespace hello
