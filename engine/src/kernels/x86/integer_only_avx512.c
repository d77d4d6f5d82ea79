// SPDX-License-Identifier: Apache-2.0
// These are the integer-only kernels for AVX-512.
#include "kernels/integer_only/c/tier.h"

const struct VitqKernels* vitq_kernels_avx512(void) {
  return &kVitqKernels;
}
