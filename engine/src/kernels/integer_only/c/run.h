// SPDX-License-Identifier: Apache-2.0
// Any step. Its parts (rows, images, rows of pixels, or heads) can be run apart, each with room of
// its own.
#ifndef VITQ_RUN_H
#define VITQ_RUN_H

#include "kernels/integer_only/c/attention.h"

static inline int32_t vitq_parts(const struct VitqStep* step) {
  switch (step->kind) {
    case kVitqRowwise: return step->of.rowwise.walk.rows;
    case kVitqMean: return step->of.mean.images;
    case kVitqPool: return step->of.pool.images * step->of.pool.height;
    case kVitqLinear: return step->of.linear.walk.rows;
    case kVitqAttention: return step->of.attention.images * step->of.attention.heads;
  }
  return 0;
}

// In bytes, from an address that is a multiple of 8.
static inline ptrdiff_t vitq_room(const struct VitqStep* step) {
  switch (step->kind) {
    case kVitqRowwise: return 4 * (ptrdiff_t)step->of.rowwise.n;
    case kVitqLinear: return 4 * vitq_linear_room(&step->of.linear);
    case kVitqAttention: return vitq_room_of_attention(&step->of.attention).bytes;
    case kVitqMean:
    case kVitqPool: break;
  }
  return 0;
}

static inline void vitq_run(const struct VitqStep* step, VitqByte* const* buffers, int32_t begin,
                            int32_t end, VitqByte* room) {
  switch (step->kind) {
    case kVitqRowwise:
      vitq_run_rowwise(&step->of.rowwise, buffers, begin, end, (int32_t*)(void*)room);
      break;
    case kVitqMean: vitq_run_mean(&step->of.mean, buffers, begin, end); break;
    case kVitqPool: vitq_run_pool(&step->of.pool, buffers, begin, end); break;
    case kVitqLinear:
      vitq_run_linear(&step->of.linear, buffers, begin, end, (int32_t*)(void*)room);
      break;
    case kVitqAttention: vitq_run_attention(&step->of.attention, buffers, begin, end, room); break;
  }
}

#endif
