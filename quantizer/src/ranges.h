// SPDX-License-Identifier: Apache-2.0
// Where to clip values before they become codes: estimators of a static range from a histogram.
#pragma once

#include "histogram.h"

namespace vitq {

// The real values that the first and the last code stand for.
struct Interval {
  double lo = 0.0;
  double hi = 0.0;

  friend bool operator==(const Interval&, const Interval&) = default;
};

// What a range may be: any interval, cut into max_code(bits) steps, or one around zero, cut into
// 2 max_weight_code(bits) steps.
enum class Codes : std::uint8_t { kFree, kSymmetric };
struct CodeKind {
  Codes codes = Codes::kFree;
  int bits = 8;
};

// All values.
Interval min_max_range(const Histogram& histogram, CodeKind kind);

// All but (100 - percent) %: of the magnitudes if symmetric, otherwise half of that at each end.
// Values are taken as spread evenly over their bin. Throws Error unless 0 < percent <= 100.
Interval percentile_range(const Histogram& histogram, CodeKind kind, double percent = 99.99);

// Least squared error of clipping and rounding, each end searched between the median and the
// extreme; never worse than min_max_range. Values are taken as spread evenly over their bin.
Interval mse_range(const Histogram& histogram, CodeKind kind);
// That error, summed over all values.
double squared_error(const Histogram& histogram, Interval range, CodeKind kind);

// The threshold T on magnitudes whose 2^(bits - 1) levels lose the least information: with P the
// first bins up to T, the last of them holding all values beyond, and Q the same bins without those
// values, averaged level by level over the bins that are not empty, least KL(P || Q). The range is
// [-T, T], cut to the values if it need not be symmetric. Method: S. Migacz, "8-bit inference with
// TensorRT", GTC 2017; what it says of 8 bits is said of others.
Interval entropy_range(const Histogram& histogram, CodeKind kind);

}  // namespace vitq
