// SPDX-License-Identifier: Apache-2.0
// These are products of floats by AVX-512. Twenty-four sums of its thirty-two registers read little
// for what they multiply.
#include "kernels/x86/tiers.h"

namespace vitq::float_avx512 {

static constexpr const char* kName = "blocked:avx512";
static constexpr std::int64_t kLanes = 16;
static constexpr unsigned kTileRows = 12;

#include "kernels/float_gemm/gemm.inl"

}  // namespace vitq::float_avx512
