// SPDX-License-Identifier: Apache-2.0
// The row kernels for x86-64 as it always was: SSE2.
#include "kernels/rows/tiers.h"

namespace vitq::rows_baseline {

static constexpr std::int64_t kVector = 4;
#include "kernels/rows/rows.inl"

const RowKernels& table() {
  return kRowKernels;
}

}  // namespace vitq::rows_baseline
