// SPDX-License-Identifier: Apache-2.0
// select.cpp chooses from these tables. Each is compiled for one instruction.
#pragma once

#include "kernels/code_gemm/code_gemm.h"

namespace vitq {

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
