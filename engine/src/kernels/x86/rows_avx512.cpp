// SPDX-License-Identifier: Apache-2.0
// These are the row kernels for AVX-512 F, BW, DQ and VL.
#include "kernels/x86/tiers.h"

namespace vitq::rows_avx512 {

static constexpr std::int64_t kVector = 16;
#include "kernels/rows/order.inl"
#include "kernels/rows/rows.inl"

const RowKernels& table() {
  return kRowKernels;
}

}  // namespace vitq::rows_avx512
