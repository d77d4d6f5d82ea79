// SPDX-License-Identifier: Apache-2.0
// vpdpwssd of 256 bits multiplies codes of 16 bits. Twelve sums, two vectors of columns and a row
// fit registers.
#include <immintrin.h>

#include "kernels/x86/tiers.h"

namespace vitq::dpwssd_avx {

constexpr const char* kWideName = "dpwssd:avx";
using CodeA = std::int16_t;
using CodeB = std::int16_t;
constexpr std::int64_t kLanes = 8;
constexpr unsigned kTileRows = 6;
using Vector = std::int32_t __attribute__((vector_size(4 * kLanes)));

static Vector add_products(Vector sums, Vector a, Vector b) {
  return reinterpret_cast<Vector>(_mm256_dpwssd_avx_epi32(
      reinterpret_cast<__m256i>(sums), reinterpret_cast<__m256i>(a), reinterpret_cast<__m256i>(b)));
}

#include "kernels/code_gemm/gemm.inl"
#include "kernels/code_gemm/wide.inl"

}  // namespace vitq::dpwssd_avx
