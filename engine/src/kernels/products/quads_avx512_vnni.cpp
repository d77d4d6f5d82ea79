// SPDX-License-Identifier: Apache-2.0
// Codes of 8 bits on vpdpbusd of 512 bits: sixteen sums, more than its two units take to be busy.
#include <immintrin.h>

#include "kernels/products/tiers.h"

namespace vitq::quads_avx512_vnni {

constexpr const char* kName = "quads:avx512_vnni";
using Left = std::uint8_t;
using Right = std::int8_t;
constexpr std::int64_t kLanes = 16;
constexpr unsigned kTileRows = 8;
using Vector = std::int32_t __attribute__((vector_size(4 * kLanes)));

static Vector add_products(Vector sums, Vector left, Vector right) {
  return reinterpret_cast<Vector>(_mm512_dpbusd_epi32(reinterpret_cast<__m512i>(sums),
                                                      reinterpret_cast<__m512i>(left),
                                                      reinterpret_cast<__m512i>(right)));
}

#include "kernels/products/groups.inl"

}  // namespace vitq::quads_avx512_vnni
