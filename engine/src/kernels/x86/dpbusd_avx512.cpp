// SPDX-License-Identifier: Apache-2.0
// vpdpbusd of 512 bits multiplies codes of 8 bits. Sixteen sums are more than its two units take to
// be busy.
#include <immintrin.h>

#include "kernels/x86/tiers.h"

namespace vitq::dpbusd_avx512 {

constexpr const char* kName = "dpbusd:avx512";
using CodeA = std::uint8_t;
using CodeB = std::int8_t;
constexpr std::int64_t kLanes = 16;
constexpr unsigned kTileRows = 8;
using Vector = std::int32_t __attribute__((vector_size(4 * kLanes)));

static Vector add_products(Vector sums, Vector a, Vector b) {
  return reinterpret_cast<Vector>(_mm512_dpbusd_epi32(
      reinterpret_cast<__m512i>(sums), reinterpret_cast<__m512i>(a), reinterpret_cast<__m512i>(b)));
}

#include "kernels/code_gemm/gemm.inl"
#include "kernels/code_gemm/table.inl"

}  // namespace vitq::dpbusd_avx512
