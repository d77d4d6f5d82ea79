// SPDX-License-Identifier: Apache-2.0
// 1 / (1 + e^-x), the same bits on every tier.
#pragma once

#include <algorithm>

#include "kernels/rows/rows.h"

namespace vitq {

// y may be x.
inline void sigmoid(const RowKernels& rows, const float* x, std::int64_t n, float* y) {
  constexpr float kFar = 88.0F;  // the domain of exp; the result has long been 0 there
  for (std::int64_t i = 0; i < n; ++i) y[i] = std::min(-x[i], kFar);
  rows.exp(y, n, y);
  for (std::int64_t i = 0; i < n; ++i) y[i] = 1.0F / (1.0F + y[i]);
}

}  // namespace vitq
