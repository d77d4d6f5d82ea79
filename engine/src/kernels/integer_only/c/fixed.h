// SPDX-License-Identifier: Apache-2.0
// Arithmetic of integers that all steps are made of, in C99: the engine compiles it, and vit_export
// puts the same text into what it writes. Shifts of negative integers to the right round down, as
// every compiler has them.
#ifndef VITQ_FIXED_H
#define VITQ_FIXED_H

#include "kernels/integer_only/c/steps.h"

// Of each column o of a product, multiplier[o] 2^-shift[o] is the scale of its weights, with
// multiplier < 2^14. code_sum[o] is the sum of their codes, and bias[o] is a value.
struct VitqColumns {
  const int32_t* multiplier;
  const int32_t* shift;
  const int32_t* code_sum;
  const int32_t* bias;
};

static inline int32_t vitq_max(int32_t a, int32_t b) {
  return a > b ? a : b;
}
static inline int32_t vitq_min(int32_t a, int32_t b) {
  return a < b ? a : b;
}
static inline int32_t vitq_limited(int32_t value) {
  return vitq_max(vitq_min(value, kVitqLimit), -kVitqLimit);
}

static inline int32_t vitq_narrow(int64_t value) {
  const int64_t below = value > INT32_MAX ? INT32_MAX : value;
  return (int32_t)(below < -INT32_MAX ? -INT32_MAX : below);
}

// round(a b / 2^shift), halves away from 0, limited; 1 <= shift <= 62. Signs are taken off first,
// since vectors have no arithmetic shift of 64 bits.
static inline int32_t vitq_times(int32_t a, int32_t b, int32_t shift) {
  const uint32_t down = (uint32_t)shift - 1;
  const uint64_t size = (uint64_t)(uint32_t)(a < 0 ? -a : a) * (uint32_t)(b < 0 ? -b : b);
  const int64_t rounded = (int64_t)(((size >> down) + 1) >> 1);
  const int32_t limited = (int32_t)(rounded > kVitqLimit ? kVitqLimit : rounded);
  return (a ^ b) < 0 ? -limited : limited;
}

// The number of zeros above the highest bit of value > 0.
static inline int32_t vitq_leading_zeros(uint64_t value) {
  int32_t zeros = 0;
  for (int32_t step = 32; step > 0; step >>= 1) {
    if (value >> (64 - step) == 0) {
      zeros += step;
      value <<= step;
    }
  }
  return zeros;
}

// The largest integer whose square is at most value.
static inline uint64_t vitq_root(uint64_t value) {
  uint64_t root = 0;
  for (uint64_t bit = UINT64_C(1) << 62; bit != 0; bit >>= 2) {
    const uint64_t tried = root + bit;
    root >>= 1;
    if (value >= tried) {
      value -= tried;
      root += bit;
    }
  }
  return root;
}

// The row whose top code, 2^bits - 1 of them, is a span of 0 < span < 2^32. Its zero is 0.
static inline struct VitqRow vitq_row_of(uint32_t span, int32_t bits) {
  const int32_t zeros = vitq_leading_zeros(span) - 32;
  const uint32_t widest = span << zeros;
  const uint32_t step = widest / ((UINT32_C(1) << bits) - 1);
  const uint32_t below = (UINT32_C(1) << (16 - bits)) - 1;
  const struct VitqRow row = {(int32_t)((step + below) >> (16 - bits)) + 1, 16 - bits - zeros, 0};
  return row;
}

// What codes the values of a row: a shift to 16 bits, up or down, and a product with the reciprocal
// of the step. Of that, 23 bits are dropped.
static inline struct VitqCoder vitq_coder_of(struct VitqRow row, int32_t bits) {
  const int32_t down = row.exponent + bits;
  const struct VitqCoder coder = {vitq_max(-down, 0), vitq_max(down, 0),
                                  down > 0 ? 1 << (down - 1) : 0,
                                  (int32_t)((UINT32_C(1) << (23 + bits)) / (uint32_t)row.scale)};
  return coder;
}

static inline int32_t vitq_narrowed(int32_t value, struct VitqCoder coder) {
  return (int32_t)((uint32_t)((value + coder.half) >> coder.down) << coder.up);
}
// How many steps a value is, with so many bits after the point.
static inline int32_t vitq_part(int32_t value, struct VitqCoder coder, int32_t fraction) {
  const int32_t half = 1 << (22 - fraction);
  return (vitq_narrowed(value, coder) * coder.reciprocal + half) >> (23 - fraction);
}

#endif
