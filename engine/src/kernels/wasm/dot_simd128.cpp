// SPDX-License-Identifier: Apache-2.0
// i32x4.dot_i16x8_s multiplies codes of 16 bits and adds neighbours.
#include <wasm_simd128.h>

#include "kernels/wasm/tiers.h"

namespace vitq::dot_simd128 {

constexpr const char* kName = "dot:simd128";
using CodeA = std::int16_t;
using CodeB = std::int16_t;
constexpr std::int64_t kLanes = 4;
constexpr unsigned kTileRows = 4;
using Vector = std::int32_t __attribute__((vector_size(4 * kLanes)));

static Vector add_products(Vector sums, Vector a, Vector b) {
  return reinterpret_cast<Vector>(wasm_i32x4_add(
      reinterpret_cast<v128_t>(sums),
      wasm_i32x4_dot_i16x8(reinterpret_cast<v128_t>(a), reinterpret_cast<v128_t>(b))));
}

#include "kernels/code_gemm/gemm.inl"
#include "kernels/code_gemm/table.inl"

}  // namespace vitq::dot_simd128
