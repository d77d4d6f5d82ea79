// SPDX-License-Identifier: Apache-2.0
// These are the integer-only kernels for AVX2.
#include "kernels/integer_only/c/tier.h"

const struct VitqKernels* vitq_kernels_avx2(void) {
  return &kVitqKernels;
}
