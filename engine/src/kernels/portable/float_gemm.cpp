// SPDX-License-Identifier: Apache-2.0
// The compiler makes these products for any processor. Most have vectors of 128 bits and at least
// 16 of them: twelve sums, two vectors of columns, a row and a product.
#include "kernels/float_gemm/float_gemm.h"

namespace vitq {
namespace portable_float {

static constexpr const char* kName = "blocked:portable";
static constexpr std::int64_t kLanes = 4;
static constexpr unsigned kTileRows = 6;

#include "kernels/float_gemm/gemm.inl"

}  // namespace portable_float

const FloatGemm& portable_float_gemm() {
  return portable_float::table();
}

}  // namespace vitq
