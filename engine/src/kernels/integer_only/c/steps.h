// SPDX-License-Identifier: Apache-2.0
// The steps of an integer-only network: plain integers, which say the same to the engine and to C
// that vit_export writes. This file is C99 as well as C++. docs/numerics.md has the equations.
#ifndef VITQ_STEPS_H
#define VITQ_STEPS_H

// NOLINTNEXTLINE(modernize-deprecated-headers): C has no other
#include <stdint.h>

#ifdef __cplusplus
#include <cstddef>
using VitqByte = std::byte;
extern "C" {
#else
#include <stddef.h>
typedef unsigned char VitqByte;
#endif

// A value v is the integer v 2^16, limited to 29 bits and a sign. So sums and differences of two
// fit 30 bits. Factors of channels and zeros of codes have fractions of their own, and activation
// functions 2^9 pieces.
enum { kVitqFraction = 16, kVitqLimit = 0x1FFFFFFF };
enum { kVitqFactorFraction = 20, kVitqZeroFraction = 3, kVitqPieces = 9 };

// A row of codes q stands for (q - zero 2^-3) scale 2^exponent, in units of 2^-16. Here
// 2^15 <= scale < 2^17, and 0 <= zero <= 255 2^3.
struct VitqRow {
  int32_t scale, exponent, zero;
};

// A place in one of the plan's buffers, counted in elements. Where there is no operand, the buffer
// is -1.
struct VitqView {
  int32_t buffer, offset;
};

enum { kVitqAxes = 5 };
// Rows of up to three operands that are walked together, by extents and strides, the outermost
// first.
struct VitqWalk {
  int32_t rows, axes;
  int32_t extent[kVitqAxes];
  int32_t stride[3][kVitqAxes];
};

// An activation function by its distance f(|x|) from a simple one: y is offset + sign(x) f(|x|) if
// odd, otherwise max(x, 0) - f(|x|). f is 0 without pieces; elsewhere it has 2^9 straight ones over
// [0, 2^range), and stays at its end's value. A piece has its first value above 16 bits, and what
// it rises by in them.
struct VitqFunction {
  struct VitqView pieces;
  int32_t range, odd, offset;
};

// How many bits the codes of a row have: those of rows r with begin <= r % tokens < end are output
// tokens. Signed codes are counted without their sign.
struct VitqBits {
  int32_t all, output, tokens, begin, end;
};

// How rows are coded for the layer that reads them.
struct VitqCoding {
  struct VitqView codes;           // none: they are kept as values
  struct VitqView rows;            // a VitqRow for each
  struct VitqView offset, factor;  // of channels, taken out first; factors have 20 bits of fraction
  struct VitqBits bits;
};

enum VitqOperation {
  kVitqCopy,
  kVitqCopyBytes,
  kVitqAdd,
  kVitqMultiply,
  kVitqScale,
  kVitqActivate,
  kVitqLayerNorm
};
// y [rows, n] of a, and of b where there are two. Both advance by their step within a row.
struct VitqRowwise {
  enum VitqOperation operation;
  int32_t n;
  struct VitqView a, b, y;  // y: none where only codes are kept
  int32_t a_step, b_step;
  struct VitqWalk walk;  // a, y or its codes, b
  struct VitqCoding coding;
  struct VitqFunction function;
  int32_t multiplier, shift;  // of a scale: multiplier 2^-shift
  struct VitqView gain, bias;
  uint64_t eps;  // with 32 bits of fraction
};

// The mean over the tokens of x [images, tokens, n].
struct VitqMean {
  struct VitqView x, y;
  int32_t images, tokens, n;
  int32_t image_stride, token_stride, y_stride;
};

// The largest in a window, for each pixel and channel of y. A window begins at its pixel times
// `stride` less `pad`.
struct VitqPool {
  struct VitqView x, y;
  int32_t images, height, width, channels;  // of y
  int32_t x_height, x_width, kernel, stride, pad;
  int32_t x_strides[4], y_strides[4];  // of images, channels, rows, columns
};

// Patches of an image, each of which becomes a row of codes that ends in zeros. Those of bytes are
// codes already.
struct VitqPatches {
  struct VitqView image;  // none: there are no patches
  int32_t bytes;
  struct VitqWalk corners;
  int32_t height, width, channels, row_stride, column_stride;
  struct VitqView offset, factor;
  struct VitqBits bits;
};

struct VitqLinear {
  struct VitqView x, x_rows;  // codes [rows, k], and a VitqRow for each; none: bytes
  struct VitqPatches patches;
  int32_t k, n;
  struct VitqView weight;  // codes [n, k]
  // Of each output: the scale of its weights is multiplier 2^-shift, with multiplier < 2^14.
  // code_sum is the sum of their codes, and bias is a value.
  struct VitqView multiplier, shift, code_sum, bias;
  struct VitqView output_bias;  // instead, in rows r with begin <= r % tokens < end
  int32_t tokens, begin, end;
  struct VitqView residual, y;  // y: none where only codes are kept
  struct VitqWalk walk;         // y, codes, residual
  int32_t activated;            // 0: by no function
  struct VitqFunction function;
  struct VitqCoding coding;
};

// Values are [images, heads, tokens, channels], by the strides of the first three.
struct VitqAttention {
  struct VitqView q, k, v, y;
  int32_t q_strides[3], k_strides[3], v_strides[3], y_strides[3];
  int32_t images, heads, queries, keys, channels, values;
  struct VitqBits q_bits, k_bits, p_bits;
  int32_t v_bits;
  struct VitqView q_offset, q_factor, k_offset, k_factor;  // [heads * channels]
  struct VitqView q_score;                                 // what the queries' offset adds
  struct VitqView hidden;  // values [images, keys]: far below 0 where a key is padding
  int32_t hidden_stride;
  int32_t multiplier, shift;  // of scores, which count doublings
};

enum VitqKind { kVitqRowwise, kVitqMean, kVitqPool, kVitqLinear, kVitqAttention };
struct VitqStep {
  enum VitqKind kind;
  union {
    struct VitqRowwise rowwise;
    struct VitqMean mean;
    struct VitqPool pool;
    struct VitqLinear linear;
    struct VitqAttention attention;
  } of;
};

// One head of one image, and memory to work on it.
struct VitqCoder {
  int32_t up, down, half, reciprocal;
};
struct VitqHead {
  int32_t image, head;
  int64_t* sums;             // [values]
  int32_t* key_columns;      // [4, keys]
  int32_t* value_columns;    // [4, values]
  struct VitqCoder* coders;  // [values]
  int32_t* row;              // of keys, channels or values
};

// Sums of a product with a row of codes, row number `row` of all.
struct VitqSums {
  const int32_t* sums;
  struct VitqRow codes;
  int32_t row;
};
// Memory for a row of codes.
struct VitqCodes {
  uint8_t* codes;
  int32_t count;
};

#ifdef __cplusplus
}
#endif

#endif
