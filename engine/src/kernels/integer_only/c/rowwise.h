// SPDX-License-Identifier: Apache-2.0
// Steps that work row by row.
#ifndef VITQ_ROWWISE_H
#define VITQ_ROWWISE_H

#include "kernels/integer_only/c/memory.h"

static inline void vitq_elements(const struct VitqRowwise* s, const int32_t* a, const int32_t* b,
                                 int32_t* y) {
  for (ptrdiff_t i = 0; i < s->n; ++i) {
    const int32_t x = a[i * s->a_step];
    int32_t result = x;
    if (s->operation == kVitqAdd) result = vitq_limited(x + b[i * s->b_step]);
    if (s->operation == kVitqMultiply) result = vitq_times(x, b[i * s->b_step], kVitqFraction);
    if (s->operation == kVitqScale) result = vitq_times(x, s->multiplier, s->shift);
    y[i] = result;
  }
}

static inline void vitq_row_into(const struct VitqRowwise* s, VitqByte* const* buffers,
                                 const struct VitqNorm* norm, const int32_t* a, const int32_t* b,
                                 int32_t* y) {
  if (s->operation == kVitqActivate) {
    vitq_activate(a, vitq_values_if(buffers, s->function.pieces), &s->function, s->n, y);
  } else if (s->operation == kVitqLayerNorm) {
    vitq_layer_norm(a, norm, s->n, y);
  } else if (s->operation == kVitqAdd && s->a_step == 1 && s->b_step == 1) {
    vitq_add_rows(a, b, s->n, y);
  } else {
    vitq_elements(s, a, b, y);
  }
}

static inline void vitq_copy_bytes(const struct VitqRowwise* s, VitqByte* const* buffers,
                                   int32_t row) {
  const uint8_t* from = vitq_codes_at(buffers, s->a) + vitq_offset_of(&s->walk, 0, row);
  uint8_t* to = vitq_codes_at(buffers, s->y) + vitq_offset_of(&s->walk, 1, row);
  for (ptrdiff_t i = 0; i < s->n; ++i) to[i] = from[i * s->a_step];
}

// Rows [begin, end). room has n values.
static inline void vitq_run_rowwise(const struct VitqRowwise* s, VitqByte* const* buffers,
                                    int32_t begin, int32_t end, int32_t* room) {
  const struct VitqNorm norm = vitq_norm_of(vitq_values_if(buffers, s->gain),
                                            vitq_values_if(buffers, s->bias), s->eps, s->n);
  for (int32_t row = begin; row < end; ++row) {
    if (s->operation == kVitqCopyBytes) {
      vitq_copy_bytes(s, buffers, row);
      continue;
    }
    const int32_t to = vitq_offset_of(&s->walk, 1, row);
    const int32_t* a = vitq_values_at(buffers, s->a) + vitq_offset_of(&s->walk, 0, row);
    const int32_t* b =
        vitq_is(s->b) ? vitq_values_at(buffers, s->b) + vitq_offset_of(&s->walk, 2, row) : a;
    int32_t* y = vitq_is(s->y) ? vitq_values_at(buffers, s->y) + to : room;
    vitq_row_into(s, buffers, &norm, a, b, y);
    if (vitq_is(s->coding.codes)) vitq_put_codes(&s->coding, buffers, row, to, y, s->n, room);
  }
}

// Images [begin, end).
static inline void vitq_run_mean(const struct VitqMean* s, VitqByte* const* buffers, int32_t begin,
                                 int32_t end) {
  for (int32_t image = begin; image < end; ++image) {
    const int32_t* x = vitq_values_at(buffers, s->x) + image * s->image_stride;
    int32_t* y = vitq_values_at(buffers, s->y) + image * s->y_stride;
    for (int32_t c = 0; c < s->n; ++c) {
      int64_t sum = 0;
      for (int32_t t = 0; t < s->tokens; ++t) sum += x[t * s->token_stride + c];
      y[c] = vitq_mean(sum, s->tokens);
    }
  }
}

static inline int32_t vitq_largest(const struct VitqPool* s, const int32_t* x, int32_t row,
                                   int32_t column) {
  int32_t most = -kVitqLimit;
  for (int32_t i = vitq_max(row, 0); i < vitq_min(row + s->kernel, s->x_height); ++i) {
    for (int32_t j = vitq_max(column, 0); j < vitq_min(column + s->kernel, s->x_width); ++j) {
      most = vitq_max(most, x[i * s->x_strides[2] + j * s->x_strides[3]]);
    }
  }
  return most;
}

// Rows of pixels [begin, end) of all images.
static inline void vitq_run_pool(const struct VitqPool* s, VitqByte* const* buffers, int32_t begin,
                                 int32_t end) {
  for (int32_t index = begin; index < end; ++index) {
    const int32_t image = index / s->height;
    const int32_t row = index % s->height;
    const int32_t* x = vitq_values_at(buffers, s->x) + image * s->x_strides[0];
    int32_t* y = vitq_values_at(buffers, s->y) + image * s->y_strides[0] + row * s->y_strides[2];
    for (int32_t column = 0; column < s->width; ++column) {
      for (int32_t c = 0; c < s->channels; ++c) {
        y[column * s->y_strides[3] + c * s->y_strides[1]] = vitq_largest(
            s, x + c * s->x_strides[1], row * s->stride - s->pad, column * s->stride - s->pad);
      }
    }
  }
}

#endif
