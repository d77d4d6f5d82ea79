// SPDX-License-Identifier: Apache-2.0
// The row kernels for any CPU of the architecture that is compiled for: SSE2 on x86-64.
#include "kernels/rows/rows.h"

namespace vitq {
namespace rows_baseline {

static constexpr std::int64_t kVector = 4;
#include "kernels/rows/rows.inl"

}  // namespace rows_baseline

const RowKernels& baseline_row_kernels() {
  return rows_baseline::kRowKernels;
}

}  // namespace vitq
