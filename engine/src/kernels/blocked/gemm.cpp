// SPDX-License-Identifier: Apache-2.0
#include "vitq/gemm.h"

#include <algorithm>

#include "kernels/float_gemm/product.h"
#include "kernels/select.h"
#include "vitq/tensor.h"

namespace vitq {
void gemm(const GemmShape& s, const float* a, const float* b, float* c) {
  if (s.m == 0 || s.n == 0) return;
  if (s.k == 0) {
    std::fill_n(c, s.m * s.n, 0.0F);
    return;
  }
  const FloatProduct product(float_gemm(cpu()), s.n, s.k);
  Tensor packed({product.packed_floats()}, DType::kF32);
  float* right = packed.as<float>().data();
  product.pack({b, s.transpose_b ? 1 : s.n, s.transpose_b ? s.k : 1}, right);
  const std::int64_t block = std::min(product.block_rows(), s.m);
  Tensor memory({s.transpose_a ? block * product.depth() : 1}, DType::kF32);
  const std::int64_t row_stride = s.transpose_a ? 1 : s.k;
  const std::int64_t column_stride = s.transpose_a ? s.m : 1;
  for (std::int64_t row = 0; row < s.m; row += block) {
    const std::int64_t rows = std::min(block, s.m - row);
    const auto left = [&](std::int64_t begin, std::int64_t count) {
      const float* first = a + row * row_stride + begin * column_stride;
      return rows_of({first, row_stride, column_stride}, rows, count, memory.as<float>().data());
    };
    product.multiply(rows, left, right, c + row * s.n);
  }
}

}  // namespace vitq
