// SPDX-License-Identifier: Apache-2.0
// select.cpp chooses from these tables. Each is compiled for one instruction set.
#pragma once

#include "kernels/code_gemm/code_gemm.h"
#include "kernels/rows/rows.h"

namespace vitq {

namespace rows_simd128 {
const RowKernels& table();
}
namespace dot_simd128 {
const CodeGemm& table();
}

}  // namespace vitq
