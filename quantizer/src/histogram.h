// SPDX-License-Identifier: Apache-2.0
// How often values fell where, in bounded memory: bins of a power-of-two width on one fixed grid,
// which merge in pairs as the range grows. The result depends on the values alone, not on their
// order or on how they were split into batches.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace vitq {

class Histogram {
 public:
  // At most `bins` bins, of which more than half are in use unless all values are nearly equal.
  explicit Histogram(int bins = 4096) : limit_(bins) {}

  // Throws Error if a value is not finite.
  void add(std::span<const float> values);
  // Also counts all that the other one has counted, which has as many bins at most.
  void add(const Histogram& other);

  // Bin b counts the values in [edge(b), edge(b + 1)); the first holds min(), the last max().
  std::span<const std::uint64_t> counts() const { return counts_; }
  double edge(std::size_t bin) const;
  double width() const;
  std::uint64_t total() const { return total_; }
  // Of the values themselves; 0 while there are none.
  float min() const { return min_; }
  float max() const { return max_; }

  // The histogram of the magnitudes, with bins as wide as these. A negative value on the edge of
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
