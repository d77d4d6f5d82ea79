// SPDX-License-Identifier: Apache-2.0
// f32x4.pmax and f32x4.pmin are x86's maxps and minps. clang finds them in comparisons that are
// written as their definitions.
#include "kernels/wasm/tiers.h"

namespace vitq::rows_simd128 {

static constexpr std::int64_t kVector = 4;
using Part = float __attribute__((vector_size(4 * kVector)));

static inline float greater(float a, float b) {
  return b < a ? a : b;
}
static inline float lesser(float a, float b) {
  return a < b ? a : b;
}
static inline Part greater_part(Part a, Part b) {
  return b < a ? a : b;
}
static inline Part lesser_part(Part a, Part b) {
  return a < b ? a : b;
}

#include "kernels/rows/rows.inl"

const RowKernels& table() {
  return kRowKernels;
}

}  // namespace vitq::rows_simd128
