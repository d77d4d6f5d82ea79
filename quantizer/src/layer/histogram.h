// SPDX-License-Identifier: Apache-2.0
// A histogram in bounded memory. Its bins have a power-of-two width on one fixed grid, and merge in
// pairs as the range grows. The result depends on the values alone, not on their order or on how
// they were split into batches.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace vitq {

class Histogram {
 public:
  // Has at most `bins` bins. More than half of them are in use unless all values are nearly equal.
  explicit Histogram(int bins = 4096) : limit_(bins) {}

  // Throws Error if a value is not finite.
  void add(std::span<const float> values);
  // Also counts what the other histogram has counted, which has no higher limit of bins.
  void add(const Histogram& other);

  // Bin b counts the values in [edge(b), edge(b + 1)). The first bin holds min(), the last max().
  std::span<const std::uint64_t> counts() const { return counts_; }
  double edge(std::size_t bin) const;
  double width() const;
  std::uint64_t total() const { return total_; }
  // The exact extremes of the values; 0 while there are none.
  float min() const { return min_; }
  float max() const { return max_; }

  // The histogram of the magnitudes, with bins of the same width. A negative value on the edge of
  // two bins counts in the lower one.
  Histogram magnitudes() const;

 private:
  void cover(float lo, float hi);
  void rescale(int exponent);

  int limit_;
  int exponent_ = 0;        // bins are 2^exponent_ wide
  std::int64_t first_ = 0;  // bin 0 begins at first_ * width
  float min_ = 0.0F;
  float max_ = 0.0F;
  std::uint64_t total_ = 0;
  std::vector<std::uint64_t> counts_;
};

}  // namespace vitq
