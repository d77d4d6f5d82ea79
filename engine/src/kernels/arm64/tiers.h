// SPDX-License-Identifier: Apache-2.0
// select.cpp chooses from these tables. Each is compiled for one instruction or instruction
// set.
#pragma once

#include "kernels/code_gemm/code_gemm.h"
#include "kernels/float_gemm/float_gemm.h"
#include "kernels/rows/rows.h"

namespace vitq {

namespace rows_neon {
const RowKernels& table();
}
namespace float_neon {
const FloatGemm& table();
}
namespace smull_neon {
const CodeGemm& table();
}
namespace sdot_dotprod {
const CodeGemm& table();
}
namespace usmmla_i8mm {
const CodeGemm& table();
}

}  // namespace vitq
