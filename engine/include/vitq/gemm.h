// SPDX-License-Identifier: Apache-2.0
// The dense product of two float matrices, for tools that need linear algebra beside a network.
#pragma once

#include <cstdint>

namespace vitq {

struct GemmShape {
  std::int64_t m = 0, n = 0, k = 0;
  bool transpose_a = false;  // a is stored [k, m]
  bool transpose_b = false;  // b is stored [n, k]
};

// c = a b; a [m, k], b [k, n], c [m, n], all dense and row-major. Runs on the calling thread alone,
// so that sums do not depend on a number of threads.
void gemm(const GemmShape& shape, const float* a, const float* b, float* c);

}  // namespace vitq
