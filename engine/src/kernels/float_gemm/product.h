// SPDX-License-Identifier: Apache-2.0
// A product of any size is cut along k. A block of columns of the packed operand stays in the first
// cache, and a block of rows of the other one in the second.
#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/float_gemm/float_gemm.h"

namespace vitq {

// An element (i, j) lies at data[i * row_stride + j * column_stride].
struct FloatMatrix {
  const float* data = nullptr;
  std::int64_t row_stride = 0, column_stride = 1;
};

// A part of the left operand. Elements of a row are neighbours.
struct FloatRows {
  const float* data = nullptr;
  std::int64_t stride = 0;
};

// The first `rows` rows of `a`, of which `count` columns, as they lie or else copied to `memory`.
FloatRows rows_of(const FloatMatrix& a, std::int64_t rows, std::int64_t count, float* memory);

// The product of [m, k] and [k, n], for any m.
class FloatProduct {
 public:
  FloatProduct(const FloatGemm& gemm, std::int64_t n, std::int64_t k);

  // How many steps along k are taken at a time, at most.
  std::int64_t depth() const { return depth_; }
  // Of how many rows the sums, and a block of the left operand, stay in cache.
  std::int64_t block_rows() const;
  // Memory for the packed right operand, in floats.
  std::int64_t packed_floats() const { return padded_n_ * k_; }
  void pack(const FloatMatrix& b, float* packed) const;

  // Computes sums [rows, n]. left(begin, count) returns columns [begin, begin + count) of the left
  // operand as FloatRows.
  template <typename Left>
  void multiply(std::int64_t rows, const Left& left, const float* packed, float* sums) const {
    for (std::int64_t begin = 0; begin < k_; begin += depth_) {
      const std::int64_t count = std::min(depth_, k_ - begin);
      const FloatRows a = left(begin, count);
      gemm_.multiply({.a = a.data,
                      .a_stride = a.stride,
                      .b = packed + padded_n_ * begin,
                      .c = sums,
                      .c_stride = n_,
                      .m = rows,
                      .n = n_,
                      .k = count,
                      .accumulate = begin > 0});
    }
  }
  const char* name() const { return gemm_.name; }

 private:
  const FloatGemm& gemm_;
  std::int64_t n_, k_;
  std::int64_t padded_n_;
  std::int64_t depth_;
};

}  // namespace vitq
