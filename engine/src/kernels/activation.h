// SPDX-License-Identifier: Apache-2.0
// Activations of a row, the same bits on every tier.
#pragma once

#include <algorithm>

#include "kernels/rows/rows.h"
#include "vitq/op.h"

namespace vitq {

// y is 1 / (1 + e^-x), and may be x.
inline void sigmoid(const RowKernels& rows, const float* x, std::int64_t n, float* y) {
  constexpr float kFar = 88.0F;  // the domain of exp; the result has long been 0 there
  for (std::int64_t i = 0; i < n; ++i) y[i] = std::min(-x[i], kFar);
  rows.exp(y, n, y);
  for (std::int64_t i = 0; i < n; ++i) y[i] = 1.0F / (1.0F + y[i]);
}

// y may be x.
inline void activate(const RowKernels& rows, Act act, const float* x, std::int64_t n, float* y) {
  switch (act) {
    case Act::kNone:
      if (y != x) std::copy_n(x, n, y);
      break;
    case Act::kGelu: rows.gelu(x, n, y); break;
    case Act::kRelu: rows.relu(x, n, y); break;
    case Act::kSigmoid: sigmoid(rows, x, n, y); break;
  }
}

}  // namespace vitq
