// SPDX-License-Identifier: Apache-2.0
// These are products of floats by AVX2 and FMA. Twelve sums keep its two units busy.
#include "kernels/x86/tiers.h"

namespace vitq::float_avx2 {

static constexpr const char* kName = "blocked:avx2";
static constexpr std::int64_t kLanes = 8;
static constexpr unsigned kTileRows = 6;

#include "kernels/float_gemm/gemm.inl"

}  // namespace vitq::float_avx2
