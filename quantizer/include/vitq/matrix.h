// SPDX-License-Identifier: Apache-2.0
// A dense matrix of floats in row-major order, which the quantizer computes on.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace vitq {

struct Matrix {
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::vector<float> values;  // rows * cols elements

  Matrix() = default;
  Matrix(std::int64_t r, std::int64_t c)
      : rows(r), cols(c), values(static_cast<std::size_t>(r * c)) {}

  std::span<float> row(std::int64_t r) {
    return std::span(values).subspan(static_cast<std::size_t>(r * cols),
                                     static_cast<std::size_t>(cols));
  }
  std::span<const float> row(std::int64_t r) const {
    return std::span(values).subspan(static_cast<std::size_t>(r * cols),
                                     static_cast<std::size_t>(cols));
  }

  friend bool operator==(const Matrix&, const Matrix&) = default;
};

// Rows [begin, end).
struct RowSpan {
  std::int64_t begin = 0;
  std::int64_t end = 0;

  std::int64_t count() const { return end - begin; }
  bool has(std::int64_t row) const { return row >= begin && row < end; }
};

}  // namespace vitq
