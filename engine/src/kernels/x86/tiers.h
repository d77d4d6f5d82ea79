// SPDX-License-Identifier: Apache-2.0
// select.cpp chooses from these tables. Each is compiled for one instruction set or instruction.
#pragma once

#include "kernels/code_gemm/code_gemm.h"
#include "kernels/float_gemm/float_gemm.h"
#include "kernels/rows/rows.h"

namespace vitq {

namespace rows_avx2 {
const RowKernels& table();
}
namespace rows_avx512 {
const RowKernels& table();
}
namespace float_avx2 {
const FloatGemm& table();
}
namespace float_avx512 {
const FloatGemm& table();
}
namespace maddwd_sse2 {
const CodeGemm& table();
const WideCodeGemm& wide_table();
}  // namespace maddwd_sse2
namespace maddwd_avx2 {
const CodeGemm& table();
const WideCodeGemm& wide_table();
}  // namespace maddwd_avx2
namespace maddubs_avx2 {
const CodeGemm& table();
}
namespace dpbusd_avx {
const CodeGemm& table();
}
namespace dpbusd_avx512 {
const CodeGemm& table();
}
namespace dpwssd_avx {
const WideCodeGemm& wide_table();
}
namespace dpwssd_avx512 {
const WideCodeGemm& wide_table();
}

}  // namespace vitq
