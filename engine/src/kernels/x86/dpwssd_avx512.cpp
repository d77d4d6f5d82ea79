// SPDX-License-Identifier: Apache-2.0
// vpdpwssd of 512 bits multiplies codes of 16 bits. Sixteen sums are more than its two units take
// to be busy.
#include <immintrin.h>

#include "kernels/x86/tiers.h"

namespace vitq::dpwssd_avx512 {

constexpr const char* kWideName = "dpwssd:avx512";
using CodeA = std::int16_t;
using CodeB = std::int16_t;
constexpr std::int64_t kLanes = 16;
constexpr unsigned kTileRows = 8;
using Vector = std::int32_t __attribute__((vector_size(4 * kLanes)));

static Vector add_products(Vector sums, Vector a, Vector b) {
  return reinterpret_cast<Vector>(_mm512_dpwssd_epi32(
      reinterpret_cast<__m512i>(sums), reinterpret_cast<__m512i>(a), reinterpret_cast<__m512i>(b)));
}

#include "kernels/code_gemm/gemm.inl"
#include "kernels/code_gemm/wide.inl"

}  // namespace vitq::dpwssd_avx512
