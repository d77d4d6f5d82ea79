// SPDX-License-Identifier: Apache-2.0
// A kernel works on one row of n contiguous elements; callers loop and thread over rows. Every tier
// returns the same bits. The formulas below are evaluated in f32 in the order of their brackets,
// and each operation is rounded on its own (no fused multiply-add). exp and erf are the polynomials
// of functions.inl.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vitq {

// It holds values, and per channel what is taken out of them.
struct CenterScale {
  const float* values = nullptr;
  const float* channel_offset = nullptr;
  const float* factor = nullptr;
};

// Rows of codes of more than 8 bits, digit by digit (vitq/quant.h). They do not overlap anything.
struct CodeDigits {
  std::uint8_t* high = nullptr;
  std::uint8_t* low = nullptr;
};
struct SignedDigits {
  std::int8_t* high = nullptr;
  std::int8_t* low = nullptr;
  std::int32_t base = 1;  // 127 or 255
};

// Sums of products of digits, two or four rows of them. What they amount to is the sum of factor *
// row, an integer below 2^53 in magnitude, as is each of its terms.
struct DigitSums {
  int count = 2;
  const std::int32_t* row[4] = {};
  double factor[4] = {};
};

// What leads from a row of integer sums to a linear layer's results (docs/numerics.md). Channel o
// becomes ((float(sum) * (s * u[o])) + (lo * r[o])) + b[o]. The residual's o is added to that if
// there is one, which may be the output row. Then comes the ReLU, if asked for.
struct RowEpilogue {
  float s, lo;
  const float* u;
  const float* r;
  const float* b;
  const float* residual = nullptr;
  bool relu = false;
};

// Sums run in 16 lanes. Lane i adds elements i, i + 16, ... in rising order, then lanes l and l + 8
// are added, then l + 4, l + 2, l + 1. rne is rounding to the nearest integer, ties to even.
// An output row may be the very input row of equal element size, else they must not overlap.
// Pointers need no alignment beyond their element's. Inputs hold no NaN. n may be 0, except that
// layer_norm, softmax, softmax_codes, softmax_digits, min_max and center_scale_min_max need n >= 1.
struct RowKernels {
  // y is (((x - mean) * rstd) * gamma) + beta, where mean is sum(x) / n and rstd is
  // 1 / sqrt(v + eps). The biased variance v is sum((x - mean) * (x - mean)) / n.
  void (*layer_norm)(const float* x, const float* gamma, const float* beta, float eps,
                     std::int64_t n, float* y);
  // y is e * (1 / sum(e)), where e is exp(t - max(t)) and t is x * scale. -infinity beside finite
  // values gives 0.
  void (*softmax)(const float* x, float scale, std::int64_t n, float* y);
  // p is rne(top * e), where e is exp(logit - max(logit)); *sum is sum(e). top is an integer in
  // 1..255.
  void (*softmax_codes)(const float* logits, std::int64_t n, float top, std::uint8_t* p,
                        float* sum);
  // It does the same for a top in 1..65535.
  void (*softmax_digits)(const float* logits, std::int64_t n, float top, const CodeDigits& p,
                         float* sum);
  // y is e to the power of x for x <= 88, within 1 ulp. It is 0 below -87.33, where the result
  // would be subnormal. Larger x are outside its domain.
  void (*exp)(const float* x, std::int64_t n, float* y);
  // y is x / 2 * (1 + erf(x / sqrt(2))), within 1.7e-7 * max(1, |x|).
  void (*gelu)(const float* x, std::int64_t n, float* y);
  // y is x / (1 + exp(-(x * (a + b * x^2)))), which is the SiLU and its relatives
  // (kernels/activate.h).
  void (*gate)(const float* x, float a, float b, std::int64_t n, float* y);
  void (*relu)(const float* x, std::int64_t n, float* y);
  void (*add)(const float* a, const float* b, std::int64_t n, float* y);
  void (*min_max)(const float* x, std::int64_t n, float* lo, float* hi);
  // q is rne(clamp((x - lo) * inverse_scale, 0, top)), and top is an integer in 1..255. Clamping
  // first gives the same codes as rounding first, and keeps infinities and huge values in range.
  void (*quantize_u8)(const float* x, std::int64_t n, float lo, float inverse_scale, float top,
                      std::uint8_t* q);
  // q is rne(clamp(x * inverse_scale, -top, top)), and top is an integer in 1..127.
  void (*quantize_s8)(const float* x, std::int64_t n, float inverse_scale, float top,
                      std::int8_t* q);
  // They do the same for a top in 1..65535, and in 1..127 * base + 127.
  void (*quantize_u16)(const float* x, std::int64_t n, float lo, float inverse_scale, float top,
                       const CodeDigits& q);
  void (*quantize_s16)(const float* x, std::int64_t n, float inverse_scale, float top,
                       const SignedDigits& q);
  // They put two rows of digits together, base * high + low. Codes from 0 are below 2^15.
  void (*join_u16)(const std::uint8_t* high, const std::uint8_t* low, std::int64_t n,
                   std::int16_t* codes);
  void (*join_s16)(const std::int8_t* high, const std::int8_t* low, std::int32_t base,
                   std::int64_t n, std::int16_t* codes);
  // They lead from sums to results. Sums of digits are exact until they become a float.
  void (*linear_epilogue)(const std::int32_t* acc, std::int64_t n, const RowEpilogue& end,
                          float* y);
  void (*digits_epilogue)(const DigitSums& acc, std::int64_t n, const RowEpilogue& end, float* y);
  // y is (x - channel_offset[i]) * factor[i].
  void (*center_scale)(const float* x, const float* channel_offset, const float* factor,
                       std::int64_t n, float* y);
  // It does the same, and finds the range of y.
  void (*center_scale_min_max)(const CenterScale& x, std::int64_t n, float* y, float* lo,
                               float* hi);
  // y becomes max(y, |x - center[i]|).
  void (*widen_range)(const float* x, const float* center, std::int64_t n, float* y);
  // They return the sum of signed codes, and sum(x[i] * q[i]).
  std::int32_t (*sum_codes)(const std::int8_t* q, std::int64_t n);
  float (*dot_codes)(const float* x, const std::int8_t* q, std::int64_t n);
};

// Every CPU has this tier; row_kernels() of kernels/select.h gives the best.
const RowKernels& baseline_row_kernels();

}  // namespace vitq
