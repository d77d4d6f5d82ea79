// SPDX-License-Identifier: Apache-2.0
// Estimators of a static range from a histogram: they say where to clip values before they become
// codes.
#pragma once

#include "layer/histogram.h"

namespace vitq {

// The real values that the first and the last code stand for.
struct Interval {
  double lo = 0.0;
  double hi = 0.0;

  friend bool operator==(const Interval&, const Interval&) = default;
};

// What a range may be. A free one is any interval, cut into max_code(bits) steps. A symmetric one
// lies around zero, and is cut into 2 * max_weight_code(bits) steps.
enum class Codes : std::uint8_t { kFree, kSymmetric };
struct CodeKind {
  Codes codes = Codes::kFree;
  int bits = 8;
};

// Holds all values.
Interval min_max_range(const Histogram& histogram, CodeKind kind);

// Cuts off (100 - percent) % of the values: half of them at each end, or the largest magnitudes if
// the range is symmetric. Values count as spread evenly over their bin. Throws Error unless
// 0 < percent <= 100.
Interval percentile_range(const Histogram& histogram, CodeKind kind, double percent = 99.99);

// Has the least squared error of clipping and rounding that a search finds, and none larger than
// that of min_max_range. Each end is searched between the median and the extreme. Values count as
// spread evenly over their bin.
Interval mse_range(const Histogram& histogram, CodeKind kind);
// The squared error of clipping and rounding, summed over all values.
double squared_error(const Histogram& histogram, Interval range, CodeKind kind);

// Finds the threshold T on magnitudes whose 2^(bits - 1) levels lose the least information: the one
// with the smallest KL(P || Q). P has the bins up to T, the last of which also holds all values
// beyond. Q has the same bins without those values, averaged over the bins of each level that are
// not empty. The range is [-T, T]; a free one is cut to the values. The method is that of
// S. Migacz, "8-bit inference with TensorRT", GTC 2017, for any number of bits.
Interval entropy_range(const Histogram& histogram, CodeKind kind);

}  // namespace vitq
