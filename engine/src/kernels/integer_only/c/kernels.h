// SPDX-License-Identifier: Apache-2.0
// The functions of this folder that the engine calls, compiled once for each tier. Integers are
// exact, so every tier gives the same bits. This file is C99 as well as C++.
#ifndef VITQ_KERNELS_H
#define VITQ_KERNELS_H

#include "kernels/integer_only/c/steps.h"

#ifdef __cplusplus
extern "C" {
#endif

struct VitqKernels {
  // Any step; run.h says what its parts are.
  int32_t (*parts)(const struct VitqStep* step);
  ptrdiff_t (*room)(const struct VitqStep* step);
  void (*run)(const struct VitqStep* step, VitqByte* const* buffers, int32_t begin, int32_t end,
              VitqByte* room);
  // What surrounds products that are made in another way (linear.h, attention.h).
  struct VitqRow (*row_at)(const struct VitqLinear* s, VitqByte* const* buffers, int32_t row);
  struct VitqRow (*patch)(const struct VitqPatches* s, VitqByte* const* buffers, int32_t row,
                          struct VitqCodes codes, int32_t* room);
  void (*finish_linear)(const struct VitqLinear* s, VitqByte* const* buffers,
                        const struct VitqSums* sums, int32_t* room);
  void (*find_values)(const struct VitqAttention* s, VitqByte* const* buffers,
                      const struct VitqHead* head);
  void (*code_key)(const struct VitqAttention* s, VitqByte* const* buffers,
                   const struct VitqHead* head, int32_t j, int8_t* codes);
  void (*code_value)(const struct VitqAttention* s, VitqByte* const* buffers,
                     const struct VitqHead* head, int32_t j, int8_t* codes);
  struct VitqRow (*code_query)(const struct VitqAttention* s, VitqByte* const* buffers,
                               const struct VitqHead* head, int32_t i, uint8_t* codes);
  struct VitqRow (*code_scores)(const struct VitqAttention* s, VitqByte* const* buffers,
                                const struct VitqHead* head, const struct VitqSums* sums,
                                uint8_t* codes);
  void (*put_attended)(const struct VitqAttention* s, VitqByte* const* buffers,
                       const struct VitqHead* head, const struct VitqSums* sums);
};

// Every CPU has the first.
const struct VitqKernels* vitq_kernels_baseline(void);
const struct VitqKernels* vitq_kernels_avx2(void);
const struct VitqKernels* vitq_kernels_avx512(void);

#ifdef __cplusplus
}
#endif

#endif
