// SPDX-License-Identifier: Apache-2.0
// Any CPU runs these integer-only kernels.
#include "kernels/integer_only/c/tier.h"

const struct VitqKernels* vitq_kernels_baseline(void) {
  return &kVitqKernels;
}
