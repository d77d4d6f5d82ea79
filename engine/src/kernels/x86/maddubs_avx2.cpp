// SPDX-License-Identifier: Apache-2.0
// vpmaddubsw multiplies codes of 8 bits and adds two products in 16, which they have to fit. Eight
// sums, two vectors of columns, a row, a product and the ones that widen it fit registers.
#include <immintrin.h>

#include "kernels/x86/tiers.h"

namespace vitq::maddubs_avx2 {

constexpr const char* kName = "maddubs:avx2";
using CodeA = std::uint8_t;
using CodeB = std::int8_t;
constexpr std::int64_t kLanes = 8;
constexpr unsigned kTileRows = 4;
using Vector = std::int32_t __attribute__((vector_size(4 * kLanes)));

static Vector add_products(Vector sums, Vector a, Vector b) {
  const __m256i pairs =
      _mm256_maddubs_epi16(reinterpret_cast<__m256i>(a), reinterpret_cast<__m256i>(b));
  return reinterpret_cast<Vector>(_mm256_add_epi32(reinterpret_cast<__m256i>(sums),
                                                   _mm256_madd_epi16(pairs, _mm256_set1_epi16(1))));
}

#include "kernels/code_gemm/gemm.inl"
#include "kernels/code_gemm/table.inl"

}  // namespace vitq::maddubs_avx2
