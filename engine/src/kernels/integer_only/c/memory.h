// SPDX-License-Identifier: Apache-2.0
// Where the operands of a step lie, and how its rows follow one another.
#ifndef VITQ_MEMORY_H
#define VITQ_MEMORY_H

#include <string.h>

#include "kernels/integer_only/c/rows.h"

static inline int vitq_is(struct VitqView view) {
  return view.buffer >= 0;
}
static inline int32_t* vitq_values_at(VitqByte* const* buffers, struct VitqView view) {
  return (int32_t*)(void*)buffers[view.buffer] + view.offset;
}
static inline uint8_t* vitq_codes_at(VitqByte* const* buffers, struct VitqView view) {
  return (uint8_t*)(void*)buffers[view.buffer] + view.offset;
}
static inline const int32_t* vitq_values_if(VitqByte* const* buffers, struct VitqView view) {
  return vitq_is(view) ? vitq_values_at(buffers, view) : NULL;
}

// Where row number `row` of an operand begins.
static inline int32_t vitq_offset_of(const struct VitqWalk* walk, int32_t operand, int32_t row) {
  int32_t offset = 0;
  for (int32_t axis = walk->axes - 1; axis >= 0; --axis) {
    offset += row % walk->extent[axis] * walk->stride[operand][axis];
    row /= walk->extent[axis];
  }
  return offset;
}

static inline int vitq_is_output(const struct VitqBits* bits, int32_t row) {
  const int32_t token = bits->tokens > 0 ? row % bits->tokens : 0;
  return bits->tokens > 0 && token >= bits->begin && token < bits->end;
}
static inline int32_t vitq_bits_of(const struct VitqBits* bits, int32_t row) {
  return vitq_is_output(bits, row) ? bits->output : bits->all;
}

// Codes row number `row` of values y. room has n values, and may be y.
static inline void vitq_put_codes(const struct VitqCoding* coding, VitqByte* const* buffers,
                                  int32_t row, int32_t offset, const int32_t* y, ptrdiff_t n,
                                  int32_t* room) {
  if (vitq_is(coding->offset)) {
    vitq_smooth(y, vitq_values_at(buffers, coding->offset), vitq_values_if(buffers, coding->factor),
                n, room);
    y = room;
  }
  struct VitqRow* rows = (struct VitqRow*)(void*)vitq_values_at(buffers, coding->rows);
  rows[row] = vitq_encode(y, n, vitq_bits_of(&coding->bits, row),
                          vitq_codes_at(buffers, coding->codes) + offset);
}

#endif
