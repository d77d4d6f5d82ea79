// SPDX-License-Identifier: Apache-2.0
// The tables that select.cpp chooses from, one compiled per tier.
#pragma once

#include "kernels/rows/rows.h"

namespace vitq {

namespace rows_baseline {
const RowKernels& table();
}
namespace rows_avx2 {
const RowKernels& table();
}
namespace rows_avx512 {
const RowKernels& table();
}

}  // namespace vitq
