// SPDX-License-Identifier: Apache-2.0
#include "core/cpu.h"
#include "kernels/rows/tiers.h"

namespace vitq {

const RowKernels& rows(Isa isa) {
  if (isa == Isa::kAvx512) return rows_avx512::table();
  return isa == Isa::kAvx2 ? rows_avx2::table() : rows_baseline::table();
}

const RowKernels& rows() {
  return rows(best_isa(cpu()));
}

}  // namespace vitq
