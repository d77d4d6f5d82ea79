// SPDX-License-Identifier: Apache-2.0
// Codes are held in 16 bits, and the compiler vectorizes their products for any processor. Most
// processors have vectors of 128 bits.
#include "kernels/code_gemm/code_gemm.h"

namespace vitq {
namespace portable_code {

constexpr const char* kName = "portable";
using CodeA = std::int16_t;
using CodeB = std::int16_t;
constexpr std::int64_t kLanes = 4;
constexpr unsigned kTileRows = 4;
using Vector = std::int32_t __attribute__((vector_size(4 * kLanes)));

// A lane holds two codes of each operand. A sum that fits 32 bits may leave them on its way, so it
// is added without signs.
static Vector add_products(Vector sums, Vector a, Vector b) {
  constexpr int kBits = 16;
  using Unsigned = std::uint32_t __attribute__((vector_size(4 * kLanes)));
  const Vector low = (a << kBits >> kBits) * (b << kBits >> kBits);
  const Vector high = (a >> kBits) * (b >> kBits);
  return reinterpret_cast<Vector>(reinterpret_cast<Unsigned>(sums) +
                                  reinterpret_cast<Unsigned>(low) +
                                  reinterpret_cast<Unsigned>(high));
}

#include "kernels/code_gemm/gemm.inl"
#include "kernels/code_gemm/table.inl"

}  // namespace portable_code

const CodeGemm& portable_code_gemm() {
  return portable_code::table();
}

}  // namespace vitq
