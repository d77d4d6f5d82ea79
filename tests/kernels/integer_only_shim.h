// SPDX-License-Identifier: Apache-2.0
// The functions that integer-only steps are made of, for tests: those are static in C.
#pragma once

#include "kernels/integer_only/c/steps.h"

#ifdef __cplusplus
extern "C" {
#endif

int32_t shim_times(int32_t a, int32_t b, int32_t shift);
uint64_t shim_root(uint64_t value);
int32_t shim_exp2(int32_t x);
struct VitqRow shim_encode(const int32_t* x, ptrdiff_t n, int32_t bits, uint8_t* codes);
struct VitqRow shim_encode_signed(const int32_t* x, ptrdiff_t n, int32_t bits, int8_t* codes);
struct VitqRow shim_softmax(const int32_t* x, ptrdiff_t n, int32_t bits, uint8_t* codes);
// A function's pieces are given apart from it.
void shim_activate(const int32_t* x, const int32_t* pieces, const struct VitqFunction* function,
                   ptrdiff_t n, int32_t* y);
// The row is normalized in place, with gains [n] and then biases [n].
void shim_layer_norm(int32_t* x, const int32_t* gain_and_bias, uint64_t eps, ptrdiff_t n);
// Columns are [4, n]: multipliers, shifts, sums of codes and biases.
void shim_finish(const struct VitqSums* sums, const int32_t* columns, ptrdiff_t n, int32_t* y);

#ifdef __cplusplus
}
#endif
