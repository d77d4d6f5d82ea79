// SPDX-License-Identifier: Apache-2.0
// Codes of 16 bits on pmaddwd, which every x86-64 has.
#include <immintrin.h>

#include "kernels/products/tiers.h"

namespace vitq::pairs_sse2 {

constexpr const char* kName = "pairs:sse2";
using Left = std::int16_t;
using Right = std::int16_t;
constexpr std::int64_t kLanes = 4;
constexpr unsigned kTileRows = 4;
using Vector = std::int32_t __attribute__((vector_size(4 * kLanes)));

static Vector add_products(Vector sums, Vector left, Vector right) {
  return reinterpret_cast<Vector>(_mm_add_epi32(
      reinterpret_cast<__m128i>(sums),
      _mm_madd_epi16(reinterpret_cast<__m128i>(left), reinterpret_cast<__m128i>(right))));
}

#include "kernels/products/groups.inl"

}  // namespace vitq::pairs_sse2
