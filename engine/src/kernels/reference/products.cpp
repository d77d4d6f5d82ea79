// SPDX-License-Identifier: Apache-2.0
#include "kernels/products/products.h"

#include <algorithm>

namespace vitq {
namespace {

void multiply(const ProductShape& s, const std::byte* a, const std::byte* b, std::int32_t* c) {
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

void hold_left(const CodeRow<std::uint8_t>& row, std::byte* a) {
  std::copy_n(row.codes, row.count, reinterpret_cast<std::uint8_t*>(a) + row.index * row.count);
}

void hold_right_column(const CodeRow<std::int8_t>& column, std::byte* b) {
  std::copy_n(column.codes, column.count,
              reinterpret_cast<std::int8_t*>(b) + column.index * column.count);
}

void hold_right_row(const CodeRow<std::int8_t>& row, std::int64_t k, std::byte* b) {
  auto* to = reinterpret_cast<std::int8_t*>(b) + row.index;
  for (std::int64_t i = 0; i < row.count; ++i) to[i * k] = row.codes[i];
}

}  // namespace

const CodeProducts& reference_code_products() {
  static constexpr CodeProducts kProducts = {
      .name = "reference",
      .multiply = multiply,
      .hold_left = hold_left,
      .hold_right_column = hold_right_column,
      .hold_right_row = hold_right_row,
  };
  return kProducts;
}

}  // namespace vitq
