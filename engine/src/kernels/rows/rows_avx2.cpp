// SPDX-License-Identifier: Apache-2.0
// The row kernels for AVX2, without FMA.
#include "kernels/rows/tiers.h"

namespace vitq::rows_avx2 {

#include "kernels/rows/rows.inl"

const Rows& table() {
  return kRows;
}

}  // namespace vitq::rows_avx2
