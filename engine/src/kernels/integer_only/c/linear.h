// SPDX-License-Identifier: Apache-2.0
// Linear layers on codes: an exact product, and one pass over each row of sums.
#ifndef VITQ_LINEAR_H
#define VITQ_LINEAR_H

#include "kernels/integer_only/c/rowwise.h"

static inline int32_t vitq_patch_values(const struct VitqPatches* s) {
  return s->height * s->width * s->channels;
}

// Copies the patch at a corner: pixels of a row that lie side by side are one run.
static inline void vitq_gather(const struct VitqPatches* s, const int32_t* image, int32_t* patch) {
  const int joined = s->column_stride == s->channels;
  const int32_t runs = joined ? 1 : s->width;
  const size_t length = (size_t)(joined ? s->width * s->channels : s->channels);
  for (int32_t i = 0; i < s->height; ++i) {
    for (int32_t j = 0; j < runs; ++j, patch += length) {
      memcpy(patch, image + i * s->row_stride + j * s->column_stride, length * sizeof *patch);
    }
  }
}
static inline void vitq_gather_bytes(const struct VitqPatches* s, const uint8_t* image,
                                     uint8_t* patch) {
  for (int32_t i = 0; i < s->height; ++i) {
    for (int32_t j = 0; j < s->width; ++j, patch += s->channels) {
      const uint8_t* pixel = image + i * s->row_stride + j * s->column_stride;
      for (int32_t c = 0; c < s->channels; ++c) patch[c] = pixel[c];
    }
  }
}

// Patch number `row` as a row of codes. room has values for a patch.
static inline struct VitqRow vitq_patch(const struct VitqPatches* s, VitqByte* const* buffers,
                                        int32_t row, struct VitqCodes row_codes, int32_t* room) {
  const struct VitqRow bytes = {1 << kVitqFraction, 0, 0};
  const int32_t corner = vitq_offset_of(&s->corners, 0, row);
  const int32_t n = vitq_patch_values(s);
  uint8_t* codes = row_codes.codes;
  memset(codes + n, 0, (size_t)(row_codes.count - n));
  if (s->bytes) {
    vitq_gather_bytes(s, vitq_codes_at(buffers, s->image) + corner, codes);
    return bytes;
  }
  vitq_gather(s, vitq_values_at(buffers, s->image) + corner, room);
  if (vitq_is(s->offset)) {
    vitq_smooth(room, vitq_values_at(buffers, s->offset), vitq_values_if(buffers, s->factor), n,
                room);
  }
  return vitq_encode(room, n, vitq_bits_of(&s->bits, row), codes);
}

static inline struct VitqRow vitq_row_at(const struct VitqLinear* s, VitqByte* const* buffers,
                                         int32_t row) {
  const struct VitqRow bytes = {1 << kVitqFraction, 0, 0};
  if (!vitq_is(s->x_rows)) return bytes;
  return ((const struct VitqRow*)(const void*)vitq_values_at(buffers, s->x_rows))[row];
}

// From the sums of a row to its end. room has n values.
static inline void vitq_finish_linear(const struct VitqLinear* s, VitqByte* const* buffers,
                                      const struct VitqSums* sums, int32_t* room) {
  const int32_t row = sums->row;
  const int32_t token = s->tokens > 0 ? row % s->tokens : 0;
  const int own = s->tokens > 0 && token >= s->begin && token < s->end;
  const struct VitqColumns columns = {vitq_values_at(buffers, s->multiplier),
                                      vitq_values_at(buffers, s->shift),
                                      vitq_values_at(buffers, s->code_sum),
                                      vitq_values_at(buffers, own ? s->output_bias : s->bias)};
  int32_t* y =
      vitq_is(s->y) ? vitq_values_at(buffers, s->y) + vitq_offset_of(&s->walk, 0, row) : room;
  int32_t* product = vitq_is(s->residual) ? room : y;  // the residual may lie where y will
  vitq_finish(sums->sums, columns, sums->codes, s->n, product);
  if (vitq_is(s->residual)) {
    vitq_add_rows(product, vitq_values_at(buffers, s->residual) + vitq_offset_of(&s->walk, 2, row),
                  s->n, y);
  }
  if (s->activated) {
    vitq_activate(y, vitq_values_if(buffers, s->function.pieces), &s->function, s->n, y);
  }
  if (vitq_is(s->coding.codes)) {
    vitq_put_codes(&s->coding, buffers, row, vitq_offset_of(&s->walk, 1, row), y, s->n, room);
  }
}

// Four sums at a time, so that a small core loads each code of x once for four products.
static inline void vitq_four_sums(const uint8_t* x, const int8_t* weight, int32_t k,
                                  int32_t* sums) {
  int32_t a = 0, b = 0, c = 0, d = 0;
  for (int32_t i = 0; i < k; ++i) {
    const int32_t code = x[i];
    a += code * weight[i];
    b += code * weight[k + i];
    c += code * weight[2 * k + i];
    d += code * weight[3 * k + i];
  }
  sums[0] = a;
  sums[1] = b;
  sums[2] = c;
  sums[3] = d;
}

static inline void vitq_product(const uint8_t* x, const int8_t* weight, int32_t n, int32_t k,
                                int32_t* sums) {
  int32_t o = 0;
  for (; o + 4 <= n; o += 4, weight += 4 * k) vitq_four_sums(x, weight, k, sums + o);
  for (; o < n; ++o, weight += k) {
    int32_t sum = 0;
    for (int32_t i = 0; i < k; ++i) sum += (int32_t)x[i] * weight[i];
    sums[o] = sum;
  }
}

// Values of room that vitq_run_linear needs.
static inline ptrdiff_t vitq_linear_room(const struct VitqLinear* s) {
  const ptrdiff_t patch = vitq_is(s->patches.image) ? vitq_patch_values(&s->patches) : 0;
  return 2 * (ptrdiff_t)s->n + patch + (vitq_is(s->patches.image) ? (s->k + 3) / 4 : 0);
}

// Rows [begin, end) of the product and all that follows it.
static inline void vitq_run_linear(const struct VitqLinear* s, VitqByte* const* buffers,
                                   int32_t begin, int32_t end, int32_t* room) {
  int32_t* sums = room + s->n;
  int32_t* patch = sums + s->n;
  for (int32_t row = begin; row < end; ++row) {
    struct VitqSums result = {sums, vitq_row_at(s, buffers, row), row};
    const uint8_t* x = NULL;
    if (vitq_is(s->patches.image)) {
      const struct VitqCodes codes = {(uint8_t*)(void*)(patch + vitq_patch_values(&s->patches)),
                                      s->k};
      result.codes = vitq_patch(&s->patches, buffers, row, codes, patch);
      x = codes.codes;
    } else {
      x = vitq_codes_at(buffers, s->x) + (ptrdiff_t)row * s->k;
    }
    vitq_product(x, (const int8_t*)vitq_codes_at(buffers, s->weight), s->n, s->k, sums);
    vitq_finish_linear(s, buffers, &result, room);
  }
}

#endif
