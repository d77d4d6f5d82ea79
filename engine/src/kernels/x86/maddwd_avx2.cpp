// SPDX-License-Identifier: Apache-2.0
// vpmaddwd multiplies codes of 16 bits. Eight sums, two vectors of columns, a row and a product fit
// registers.
#include <immintrin.h>

#include "kernels/x86/tiers.h"

namespace vitq::maddwd_avx2 {

constexpr const char* kName = "maddwd:avx2";
constexpr const char* kWideName = "maddwd of 16 bits:avx2";
using CodeA = std::int16_t;
using CodeB = std::int16_t;
constexpr std::int64_t kLanes = 8;
constexpr unsigned kTileRows = 4;
using Vector = std::int32_t __attribute__((vector_size(4 * kLanes)));

static Vector add_products(Vector sums, Vector a, Vector b) {
  return reinterpret_cast<Vector>(_mm256_add_epi32(
      reinterpret_cast<__m256i>(sums),
      _mm256_madd_epi16(reinterpret_cast<__m256i>(a), reinterpret_cast<__m256i>(b))));
}

#include "kernels/code_gemm/gemm.inl"
#include "kernels/code_gemm/table.inl"
#include "kernels/code_gemm/wide.inl"

}  // namespace vitq::maddwd_avx2
