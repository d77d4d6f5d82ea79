// SPDX-License-Identifier: Apache-2.0
// NEON has 32 registers: sixteen sums keep four units busy, beside two vectors of columns and a
// row.
#include "kernels/arm64/tiers.h"

namespace vitq::float_neon {

static constexpr const char* kName = "blocked:neon";
static constexpr std::int64_t kLanes = 4;
static constexpr unsigned kTileRows = 8;

#include "kernels/float_gemm/gemm.inl"

}  // namespace vitq::float_neon
