// SPDX-License-Identifier: Apache-2.0
// vpdpbusd of 256 bits multiplies codes of 8 bits. Twelve sums, two vectors of columns and a row
// fit registers.
#include <immintrin.h>

#include "kernels/x86/tiers.h"

namespace vitq::dpbusd_avx {

constexpr const char* kName = "dpbusd:avx";
using CodeA = std::uint8_t;
using CodeB = std::int8_t;
constexpr std::int64_t kLanes = 8;
constexpr unsigned kTileRows = 6;
using Vector = std::int32_t __attribute__((vector_size(4 * kLanes)));

static Vector add_products(Vector sums, Vector a, Vector b) {
  return reinterpret_cast<Vector>(_mm256_dpbusd_avx_epi32(
      reinterpret_cast<__m256i>(sums), reinterpret_cast<__m256i>(a), reinterpret_cast<__m256i>(b)));
}

#include "kernels/code_gemm/gemm.inl"
#include "kernels/code_gemm/table.inl"

}  // namespace vitq::dpbusd_avx
