// SPDX-License-Identifier: Apache-2.0
// Any CPU of the architecture runs these row kernels. On x86-64 they are SSE2.
#include "kernels/rows/rows.h"

namespace vitq {
namespace rows_baseline {

static constexpr std::int64_t kVector = 4;
#include "kernels/rows/order.inl"
#include "kernels/rows/rows.inl"

}  // namespace rows_baseline

const RowKernels& baseline_row_kernels() {
  return rows_baseline::kRowKernels;
}

}  // namespace vitq
