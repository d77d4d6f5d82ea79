// SPDX-License-Identifier: Apache-2.0
#include "kernels/float_gemm/product.h"

namespace vitq {
namespace {

// Steps of one length fill the blocks better than whole ones and a rest. The length does not depend
// on the CPU, so neither do the sums where there is a fused multiply-add.
std::int64_t depth_of(std::int64_t k) {
  constexpr std::int64_t kDepth = 384;
  const std::int64_t blocks = std::max<std::int64_t>((k + kDepth - 1) / kDepth, 1);
  return std::max<std::int64_t>((k + blocks - 1) / blocks, 1);
}

// Columns [0, width) of `b`, of `depth` rows, and zeros up to `columns`.
void pack_columns(const FloatMatrix& b, std::int64_t depth, std::int64_t width,
                  std::int64_t columns, float* packed) {
  for (std::int64_t column = 0; column < width && b.column_stride != 1; ++column) {
    const float* from = b.data + column * b.column_stride;
    for (std::int64_t row = 0; row < depth; ++row) {
      packed[row * columns + column] = from[row * b.row_stride];
    }
  }
  for (std::int64_t row = 0; row < depth; ++row) {
    float* to = packed + row * columns;
    if (b.column_stride == 1) std::copy_n(b.data + row * b.row_stride, width, to);
    std::fill(to + width, to + columns, 0.0F);
  }
}

}  // namespace

FloatRows rows_of(const FloatMatrix& a, std::int64_t rows, std::int64_t count, float* memory) {
  if (a.column_stride == 1) return {a.data, a.row_stride};
  for (std::int64_t row = 0; row < rows; ++row) {
    for (std::int64_t i = 0; i < count; ++i) {
      memory[row * count + i] = a.data[row * a.row_stride + i * a.column_stride];
    }
  }
  return {memory, count};
}

FloatProduct::FloatProduct(const FloatGemm& gemm, std::int64_t n, std::int64_t k)
    : gemm_(gemm),
      n_(n),
      k_(k),
      padded_n_((n + gemm.columns - 1) / gemm.columns * gemm.columns),
      depth_(depth_of(k)) {}

std::int64_t FloatProduct::block_rows() const {
  constexpr std::int64_t kSums = std::int64_t{1} << 17;
  constexpr std::int64_t kTiles = 48;  // rows that tiles of 4, 6, 8 and 12 rows fill
  return std::clamp<std::int64_t>(kSums / n_ / kTiles, 1, 4) * kTiles;
}

void FloatProduct::pack(const FloatMatrix& b, float* packed) const {
  for (std::int64_t begin = 0; begin < k_; begin += depth_) {
    const std::int64_t depth = std::min(depth_, k_ - begin);
    for (std::int64_t column = 0; column < n_; column += gemm_.columns) {
      const FloatMatrix part = {b.data + begin * b.row_stride + column * b.column_stride,
                                b.row_stride, b.column_stride};
      pack_columns(part, depth, std::min(gemm_.columns, n_ - column), gemm_.columns,
                   packed + begin * padded_n_ + column * depth);
    }
  }
}

}  // namespace vitq
