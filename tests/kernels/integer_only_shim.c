// SPDX-License-Identifier: Apache-2.0
#include "kernels/integer_only_shim.h"

#include "kernels/integer_only/c/run.h"

int32_t shim_times(int32_t a, int32_t b, int32_t shift) {
  return vitq_times(a, b, shift);
}
uint64_t shim_root(uint64_t value) {
  return vitq_root(value);
}
int32_t shim_exp2(int32_t x) {
  return vitq_exp2(x);
}
struct VitqRow shim_encode(const int32_t* x, ptrdiff_t n, int32_t bits, uint8_t* codes) {
  return vitq_encode(x, n, bits, codes);
}
struct VitqRow shim_encode_signed(const int32_t* x, ptrdiff_t n, int32_t bits, int8_t* codes) {
  return vitq_encode_signed(x, n, bits, codes);
}
struct VitqRow shim_softmax(const int32_t* x, ptrdiff_t n, int32_t bits, uint8_t* codes) {
  return vitq_softmax(x, n, bits, codes);
}
void shim_activate(const int32_t* x, const int32_t* pieces, const struct VitqFunction* function,
                   ptrdiff_t n, int32_t* y) {
  vitq_activate(x, pieces, function, n, y);
}
void shim_layer_norm(int32_t* x, const int32_t* gain_and_bias, uint64_t eps, ptrdiff_t n) {
  const struct VitqNorm norm = vitq_norm_of(gain_and_bias, gain_and_bias + n, eps, (int32_t)n);
  vitq_layer_norm(x, &norm, n, x);
}
void shim_finish(const struct VitqSums* sums, const int32_t* columns, ptrdiff_t n, int32_t* y) {
  vitq_finish(sums->sums, vitq_columns_in(columns, n), sums->codes, n, y);
}
