// SPDX-License-Identifier: Apache-2.0
// select.cpp chooses from these tables. Each is compiled for one instruction set.
#pragma once

#include "kernels/code_gemm/code_gemm.h"

namespace vitq {

namespace dot_simd128 {
const CodeGemm& table();
}
// For weights of 7 bits, in [-64, 63]; null in a module without relaxed SIMD.
namespace relaxed_dot {
const CodeGemm* table();
}

}  // namespace vitq
