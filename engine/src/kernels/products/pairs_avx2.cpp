// SPDX-License-Identifier: Apache-2.0
// Codes of 16 bits on vpmaddwd: eight sums, two vectors of columns, a row and a product fit
// registers.
#include <immintrin.h>

#include "kernels/products/tiers.h"

namespace vitq::pairs_avx2 {

constexpr const char* kName = "pairs:avx2";
using Left = std::int16_t;
using Right = std::int16_t;
constexpr std::int64_t kLanes = 8;
constexpr unsigned kTileRows = 4;
using Vector = std::int32_t __attribute__((vector_size(4 * kLanes)));

static Vector add_products(Vector sums, Vector left, Vector right) {
  return reinterpret_cast<Vector>(_mm256_add_epi32(
      reinterpret_cast<__m256i>(sums),
      _mm256_madd_epi16(reinterpret_cast<__m256i>(left), reinterpret_cast<__m256i>(right))));
}

#include "kernels/products/groups.inl"

}  // namespace vitq::pairs_avx2
