// SPDX-License-Identifier: Apache-2.0
// NEON has instructions for the greater and the lesser of two. A comparison and a choice, as
// order.inl has them, take one more.
#include <arm_neon.h>

#include "kernels/arm64/tiers.h"

namespace vitq::rows_neon {

static constexpr std::int64_t kVector = 4;
using Part = float __attribute__((vector_size(4 * kVector)));

static inline float greater(float a, float b) {
  return __builtin_fmaxf(a, b);
}
static inline float lesser(float a, float b) {
  return __builtin_fminf(a, b);
}
static inline Part greater_part(Part a, Part b) {
  return vmaxnmq_f32(a, b);
}
static inline Part lesser_part(Part a, Part b) {
  return vminnmq_f32(a, b);
}

#include "kernels/rows/rows.inl"

const RowKernels& table() {
  return kRowKernels;
}

}  // namespace vitq::rows_neon
