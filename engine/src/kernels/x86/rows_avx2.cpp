// SPDX-License-Identifier: Apache-2.0
// These are the row kernels for AVX2, without FMA.
#include "kernels/x86/tiers.h"

namespace vitq::rows_avx2 {

static constexpr std::int64_t kVector = 8;
#include "kernels/rows/order.inl"
#include "kernels/rows/rows.inl"

const RowKernels& table() {
  return kRowKernels;
}

}  // namespace vitq::rows_avx2
