// SPDX-License-Identifier: Apache-2.0
// Kernels on one row: n contiguous elements; callers loop and thread over rows. Every tier returns
// the same bits: the formulas below are evaluated in f32 in the order of their brackets, each
// operation rounded on its own (no fused multiply-add), exp and erf are the polynomials of
// rows.inl.
#pragma once

#include <cstdint>

namespace vitq {

// Values, and per channel what folding took out of them.
struct CenterScale {
  const float* values = nullptr;
  const float* channel_offset = nullptr;
  const float* factor = nullptr;
};

// Sums run in 16 lanes: lane i adds elements i, i + 16, ... in rising order, then lanes l and
// l + 8 are added, then l + 4, l + 2, l + 1. rne is rounding to the nearest integer, ties to even.
// An output row may be the very input row of equal element size, else they must not overlap.
// Pointers need no alignment beyond their element's. Inputs hold no NaN. n >= 0; functions that
// reduce (layer_norm, softmax, softmax_codes, min_max, center_scale_min_max) need n >= 1.
struct RowKernels {
  // y = (((x - mean) * rstd) * gamma) + beta, with mean = sum(x) / n, the biased variance
  // v = sum((x - mean) * (x - mean)) / n, rstd = 1 / sqrt(v + eps).
  void (*layer_norm)(const float* x, const float* gamma, const float* beta, float eps,
                     std::int64_t n, float* y);
  // y = e * (1 / sum(e)), e = exp(t - max(t)), t = x * scale. -infinity beside finite values gives
  // 0.
  void (*softmax)(const float* x, float scale, std::int64_t n, float* y);
  // e = exp(logit - max(logit)), p = rne(top * e), sum = sum(e); top is an integer in 1..255.
  void (*softmax_codes)(const float* logits, std::int64_t n, float top, std::uint8_t* p,
                        float* sum);
  // e to the power of x for x <= 88, within 1 ulp; 0 below -87.33, where the result would be
  // subnormal. Larger x are outside its domain.
  void (*exp)(const float* x, std::int64_t n, float* y);
  // x / 2 * (1 + erf(x / sqrt(2))), within 1.7e-7 * max(1, |x|).
  void (*gelu)(const float* x, std::int64_t n, float* y);
  void (*relu)(const float* x, std::int64_t n, float* y);
  void (*add)(const float* a, const float* b, std::int64_t n, float* y);
  void (*min_max)(const float* x, std::int64_t n, float* lo, float* hi);
  // q = rne(clamp((x - lo) * inverse_scale, 0, top)); top is an integer in 1..255. Clamping first
  // gives the same codes as rounding first, and keeps infinities and huge values in range.
  void (*quantize_u8)(const float* x, std::int64_t n, float lo, float inverse_scale, float top,
                      std::uint8_t* q);
  // q = rne(clamp(x * inverse_scale, -top, top)); top is an integer in 1..127.
  void (*quantize_s8)(const float* x, std::int64_t n, float inverse_scale, float top,
                      std::int8_t* q);
  // From integer sums to the linear layer's result (docs/numerics.md): per output channel o
  // y = ((float(acc) * (s * u[o])) + (lo * r[o])) + b[o].
  void (*linear_epilogue)(const std::int32_t* acc, std::int64_t n, float s, float lo,
                          const float* u, const float* r, const float* b, float* y);
  // y = (x - channel_offset[i]) * factor[i].
  void (*center_scale)(const float* x, const float* channel_offset, const float* factor,
                       std::int64_t n, float* y);
  // The same, with the range of y.
  void (*center_scale_min_max)(const CenterScale& x, std::int64_t n, float* y, float* lo,
                               float* hi);
  // y = max(y, |x - center[i]|).
  void (*widen_range)(const float* x, const float* center, std::int64_t n, float* y);
  // Of signed codes: their sum, and sum(x[i] * q[i]).
  std::int32_t (*sum_codes)(const std::int8_t* q, std::int64_t n);
  float (*dot_codes)(const float* x, const std::int8_t* q, std::int64_t n);
};

// The tier that every CPU has; row_kernels() of kernels/select.h gives the best.
const RowKernels& baseline_row_kernels();

}  // namespace vitq
