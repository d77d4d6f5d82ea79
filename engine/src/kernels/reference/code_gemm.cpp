// SPDX-License-Identifier: Apache-2.0
#include "kernels/code_gemm/code_gemm.h"

#include <algorithm>

namespace vitq {
namespace {

// An operand has `count` rows, or columns, of k codes.
std::int64_t bytes_of(std::int64_t count, std::int64_t k) {
  return count * k;
}

void multiply(const CodeGemmShape& s, const std::byte* a, const std::byte* b, std::int32_t* c) {
  const auto* left = reinterpret_cast<const std::uint8_t*>(a);
  const auto* right = reinterpret_cast<const std::int8_t*>(b);
  for (std::int64_t row = 0; row < s.m; ++row) {
    for (std::int64_t column = 0; column < s.n; ++column) {
      std::int32_t sum = 0;
      for (std::int64_t k = 0; k < s.k; ++k) {
        sum += std::int32_t{left[row * s.k + k]} * std::int32_t{right[column * s.k + k]};
      }
      c[row * s.n + column] = sum;
    }
  }
}

void pack_a_row(const CodeRow<std::uint8_t>& row, std::byte* a) {
  std::copy_n(row.codes, row.count, reinterpret_cast<std::uint8_t*>(a) + row.index * row.count);
}

void pack_b_column(const CodeRow<std::int8_t>& column, std::byte* b) {
  std::copy_n(column.codes, column.count,
              reinterpret_cast<std::int8_t*>(b) + column.index * column.count);
}

void pack_b_row(const CodeRow<std::int8_t>& row, std::int64_t k, std::byte* b) {
  auto* to = reinterpret_cast<std::int8_t*>(b) + row.index;
  for (std::int64_t i = 0; i < row.count; ++i) to[i * k] = row.codes[i];
}

}  // namespace

const CodeGemm& reference_code_gemm() {
  static constexpr CodeGemm kGemm = {
      .name = "reference",
      .a_bytes = bytes_of,
      .b_bytes = bytes_of,
      .multiply = multiply,
      .pack_a_row = pack_a_row,
      .pack_b_column = pack_b_column,
      .pack_b_row = pack_b_row,
  };
  return kGemm;
}

}  // namespace vitq
