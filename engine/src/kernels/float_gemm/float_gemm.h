// SPDX-License-Identifier: Apache-2.0
// These are products of two matrices of floats, computed in tiles that registers hold. A sum runs
// along k in rising order. So it does not depend on where its row and column lie in a tile.
#pragma once

#include <cstdint>

namespace vitq {

// It describes c [m, n] = a [m, k] b [k, n], or c += a b. Elements of a row are neighbours in `a`
// and `c`. `b` is [blocks of columns][k][FloatGemm::columns], with zeros beyond n.
struct FloatBlock {
  const float* a = nullptr;
  std::int64_t a_stride = 0;  // from row to row
  const float* b = nullptr;
  float* c = nullptr;
  std::int64_t c_stride = 0;
  std::int64_t m = 0, n = 0, k = 0;
  bool accumulate = false;
};

// This is one implementation.
struct FloatGemm {
  const char* name;
  std::int64_t columns;  // of a block of `b`
  void (*multiply)(const FloatBlock& block);
};

// Every CPU can run this one; float_gemm() of kernels/select.h gives the fastest.
const FloatGemm& portable_float_gemm();

}  // namespace vitq
