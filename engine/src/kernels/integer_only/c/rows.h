// SPDX-License-Identifier: Apache-2.0
// Rows of values, and rows of codes: what every step of an integer-only network does to each of its
// rows. An output row may be the very input row of equal element size. n is at least 1.
#ifndef VITQ_ROWS_H
#define VITQ_ROWS_H

#include "kernels/integer_only/c/fixed.h"

static inline void vitq_add_rows(const int32_t* a, const int32_t* b, ptrdiff_t n, int32_t* y) {
  for (ptrdiff_t i = 0; i < n; ++i) y[i] = vitq_limited(a[i] + b[i]);
}

// Takes offsets and factors of channels out; without factors they are 1.
static inline void vitq_smooth(const int32_t* x, const int32_t* offset, const int32_t* factor,
                               ptrdiff_t n, int32_t* y) {
  if (factor == NULL) {
    for (ptrdiff_t i = 0; i < n; ++i) y[i] = vitq_limited(x[i] - offset[i]);
    return;
  }
  for (ptrdiff_t i = 0; i < n; ++i) {
    y[i] = vitq_times(x[i] - offset[i], factor[i], kVitqFactorFraction);
  }
}

// Codes of a row by its own range, which is made to hold 0.
static inline struct VitqRow vitq_encode(const int32_t* x, ptrdiff_t n, int32_t bits,
                                         uint8_t* codes) {
  int32_t lo = 0;
  int32_t hi = 0;
  for (ptrdiff_t i = 0; i < n; ++i) {
    lo = vitq_min(lo, x[i]);
    hi = vitq_max(hi, x[i]);
  }
  struct VitqRow row = vitq_row_of((uint32_t)vitq_max(hi - lo, 1), bits);
  const struct VitqCoder coder = vitq_coder_of(row, bits);
  const int32_t top = (1 << bits) - 1;
  row.zero = vitq_part(-lo, coder, kVitqZeroFraction);
  const int32_t zero = (row.zero << (23 - kVitqZeroFraction)) + (1 << 22);
  for (ptrdiff_t i = 0; i < n; ++i) {
    const int32_t code = (vitq_narrowed(x[i], coder) * coder.reciprocal + zero) >> 23;
    codes[i] = (uint8_t)vitq_max(vitq_min(code, top), 0);
  }
  return row;
}

// Signed codes of a row, whose largest is 2^bits - 1.
static inline struct VitqRow vitq_encode_signed(const int32_t* x, ptrdiff_t n, int32_t bits,
                                                int8_t* codes) {
  int32_t most = 1;
  for (ptrdiff_t i = 0; i < n; ++i) most = vitq_max(most, vitq_max(x[i], -x[i]));
  const struct VitqRow row = vitq_row_of((uint32_t)most, bits);
  const struct VitqCoder coder = vitq_coder_of(row, bits);
  for (ptrdiff_t i = 0; i < n; ++i) codes[i] = (int8_t)vitq_part(x[i], coder, 0);
  return row;
}

// From the sums of a product with a row of codes to values.
static inline void vitq_finish(const int32_t* sums, struct VitqColumns columns, struct VitqRow row,
                               ptrdiff_t n, int32_t* y) {
  for (ptrdiff_t o = 0; o < n; ++o) {
    const int32_t sum = sums[o] * (1 << kVitqZeroFraction) - row.zero * columns.code_sum[o];
    const int32_t multiplier = row.scale * columns.multiplier[o];
    const int32_t shift = columns.shift[o] - row.exponent + kVitqZeroFraction;
    y[o] = vitq_limited(vitq_times(sum, multiplier, vitq_max(vitq_min(shift, 62), 1)) +
                        columns.bias[o]);
  }
}

static inline int32_t vitq_piece(int32_t size, const int32_t* pieces, int32_t width) {
  const int32_t within = vitq_min(size, (1 << (width + kVitqPieces)) - 1);
  const int32_t piece = pieces[within >> width];
  const int32_t rise = (int32_t)((uint32_t)piece << 16) >> 16;
  const int32_t begin = (int32_t)((uint32_t)piece >> 16);
  return begin + ((rise * (within & ((1 << width) - 1)) + (1 << (width - 1))) >> width);
}

// f(|x|) of all x.
static inline void vitq_distances(const int32_t* x, const int32_t* pieces, int32_t range,
                                  ptrdiff_t n, int32_t* f) {
  const int32_t width = kVitqFraction + range - kVitqPieces;
  for (ptrdiff_t i = 0; i < n; ++i) f[i] = vitq_piece(vitq_max(x[i], -x[i]), pieces, width);
}

// Blocks that nothing else points to let compilers look up many pieces at once.
enum { kVitqBlock = 64 };
static inline void vitq_activate(const int32_t* x, const int32_t* pieces,
                                 const struct VitqFunction* function, ptrdiff_t n, int32_t* y) {
  for (ptrdiff_t begin = 0; begin < n; begin += kVitqBlock) {
    int32_t f[kVitqBlock] = {0};
    const ptrdiff_t count = n - begin < kVitqBlock ? n - begin : kVitqBlock;
    if (pieces != NULL) vitq_distances(x + begin, pieces, function->range, count, f);
    for (ptrdiff_t i = 0; i < count; ++i) {
      const int32_t value = x[begin + i];
      const int32_t odd = function->offset + (value < 0 ? -f[i] : f[i]);
      y[begin + i] = function->odd ? odd : vitq_max(value, 0) - f[i];
    }
  }
}

// sum / count to the nearest.
static inline int32_t vitq_mean(int64_t sum, int64_t count) {
  const int64_t half = count / 2;
  return (int32_t)(sum < 0 ? -((half - sum) / count) : (sum + half) / count);
}

// 1 / sqrt(squares / n) = inverse 2^-shift, with inverse < 2^31, 23 <= shift <= 54 and
// root_of_n = sqrt(n) 2^22.
struct VitqInverse {
  int32_t inverse, shift;
};
static inline struct VitqInverse vitq_inverse_root(uint64_t squares, uint64_t root_of_n) {
  const int32_t up = vitq_leading_zeros(squares) / 2 * 2 - 2;
  const uint64_t root = vitq_root(up < 0 ? squares >> 2 : squares << up);
  const struct VitqInverse result = {(int32_t)((root_of_n << 31) / root), 53 - up / 2};
  return result;
}

// What layer norm does to all rows: eps has 32 bits of fraction.
struct VitqNorm {
  const int32_t *gain, *bias;
  uint64_t eps, root_of_n;
};
static inline struct VitqNorm vitq_norm_of(const int32_t* gain, const int32_t* bias, uint64_t eps,
                                           int32_t n) {
  const struct VitqNorm norm = {gain, bias, eps, vitq_root((uint64_t)n << 44)};
  return norm;
}

// Deviations are cut to 23 bits before they are squared, and norms have 20 bits of fraction.
enum { kVitqDeviationBits = 23, kVitqNormFraction = 20 };
// (x - mean) / sqrt(variance + eps) gain + bias, for n < 2^16.
static inline void vitq_layer_norm(const int32_t* x, const struct VitqNorm* norm, ptrdiff_t n,
                                   int32_t* y) {
  int64_t sum = 0;
  for (ptrdiff_t i = 0; i < n; ++i) sum += x[i];
  const int32_t mean = vitq_mean(sum, n);
  int32_t most = 1;
  for (ptrdiff_t i = 0; i < n; ++i) most = vitq_max(most, vitq_max(x[i] - mean, mean - x[i]));
  const int32_t bits = 64 - vitq_leading_zeros((uint64_t)most);
  const int32_t cut = vitq_max(bits - kVitqDeviationBits, 0);
  uint64_t squares = 0;
  for (ptrdiff_t i = 0; i < n; ++i) {
    const int32_t deviation = (x[i] - mean) >> cut;
    squares += (uint64_t)((int64_t)deviation * deviation);
  }
  squares += (norm->eps * (uint64_t)n) >> (2 * cut);
  const struct VitqInverse root = vitq_inverse_root(squares > 0 ? squares : 1, norm->root_of_n);
  for (ptrdiff_t i = 0; i < n; ++i) {
    const int32_t deviation = (x[i] - mean) >> cut;
    const int32_t z = vitq_times(deviation, root.inverse, root.shift - kVitqNormFraction);
    y[i] = vitq_limited(vitq_times(z, norm->gain[i], kVitqNormFraction) + norm->bias[i]);
  }
}

// 2^-x for x >= 0, in units of 2^-16: a cubic for the fraction, and a shift.
static inline int32_t vitq_exp2(int32_t x) {
  const uint32_t f = (uint32_t)x & 0xFFFFU;
  uint32_t p = 15154U - ((f * 2600U) >> 16);
  p = 45326U - ((f * p) >> 16);
  p = 65536U - ((f * p) >> 16);
  return (int32_t)(p >> vitq_min(x >> kVitqFraction, 31));
}

// Codes of 2^(x - max x), whose top is the largest. Returns the row by which products of them with
// values are divided by the sum: top codes stand for 2^-16 in it.
static inline struct VitqRow vitq_softmax(const int32_t* x, ptrdiff_t n, int32_t bits,
                                          uint8_t* codes) {
  int32_t most = -kVitqLimit;
  for (ptrdiff_t i = 0; i < n; ++i) most = vitq_max(most, x[i]);
  const int32_t top = (1 << bits) - 1;
  uint64_t sum = 0;
  for (ptrdiff_t i = 0; i < n; ++i) {
    const int32_t e = vitq_exp2(most - x[i]);
    codes[i] = (uint8_t)((top * e + (1 << 15)) >> 16);
    sum += (uint64_t)e;
  }
  const uint64_t whole = sum * (uint64_t)top;
  const int32_t zeros = vitq_leading_zeros(whole);
  const struct VitqRow row = {(int32_t)((UINT64_C(1) << 63) / ((whole << zeros) >> 16)), zeros - 63,
                              0};
  return row;
}

// A scale of mantissa 2^exponent as a column has it: with 14 bits. mantissa > 0
static inline void vitq_set_column(uint64_t mantissa, int32_t exponent, int32_t* multiplier,
                                   int32_t* shift) {
  const int32_t down = 50 - vitq_leading_zeros(mantissa);
  const uint64_t half = down > 0 ? (UINT64_C(1) << down) >> 1 : 0;
  const uint64_t most = (1U << 14) - 1;
  const uint64_t rounded = down > 0 ? (mantissa + half) >> down : mantissa << -down;
  *multiplier = (int32_t)(rounded > most ? most : rounded);
  *shift = -(exponent + down);
}

#endif
