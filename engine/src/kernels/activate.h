// SPDX-License-Identifier: Apache-2.0
// Activations of a row, the same bits on every tier.
#pragma once

#include <algorithm>

#include "kernels/rows/rows.h"
#include "vitq/op.h"

namespace vitq {

// 1 / (1 + e^-x); y may be x.
inline void sigmoid(const RowKernels& rows, const float* x, std::int64_t n, float* y) {
  constexpr float kFar = 88.0F;  // the domain of exp; the result has long been 0 there
  for (std::int64_t i = 0; i < n; ++i) y[i] = std::min(-x[i], kFar);
  rows.exp(y, n, y);
  for (std::int64_t i = 0; i < n; ++i) y[i] = 1.0F / (1.0F + y[i]);
}

// 2 sigmoid(2 x) - 1; y may be x.
inline void tanh_row(const RowKernels& rows, const float* x, std::int64_t n, float* y) {
  for (std::int64_t i = 0; i < n; ++i) y[i] = 2.0F * x[i];
  sigmoid(rows, y, n, y);
  for (std::int64_t i = 0; i < n; ++i) y[i] = 2.0F * y[i] - 1.0F;
}

// y may be x. 0.5 x (1 + tanh(u)) is x sigmoid(2 u), with u = sqrt(2 / pi) (x + 0.044715 x^3).
inline void activate_row(const RowKernels& rows, Act act, const float* x, std::int64_t n,
                         float* y) {
  constexpr float kTwiceRoot = 1.59576912F;  // 2 sqrt(2 / pi)
  switch (act) {
    case Act::kNone: std::copy_n(x, x == y ? 0 : n, y); break;
    case Act::kGelu: rows.gelu(x, n, y); break;
    case Act::kRelu: rows.relu(x, n, y); break;
    case Act::kSigmoid: sigmoid(rows, x, n, y); break;
    case Act::kGeluTanh: rows.gate(x, kTwiceRoot, 0.044715F * kTwiceRoot, n, y); break;
    case Act::kQuickGelu: rows.gate(x, 1.702F, 0.0F, n, y); break;
    case Act::kSilu: rows.gate(x, 1.0F, 0.0F, n, y); break;
    case Act::kTanh: tanh_row(rows, x, n, y); break;
  }
}

}  // namespace vitq
