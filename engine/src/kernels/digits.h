// SPDX-License-Identifier: Apache-2.0
// Codes of more than 8 bits are two digits. A product of such codes is two or four products of
// digits, whose sums are put together here. Equations: docs/numerics.md.
#pragma once

#include <cstdint>

#include "kernels/rows/rows.h"
#include "vitq/quant.h"

namespace vitq {

// It describes the sums of a product, [digits of the left][rows][digits of the right][columns]. A
// digit of the left is a matrix of its own, and one of the right has columns of its own.
struct DigitProduct {
  int left = 1, right = 1;      // digits
  std::int32_t right_base = 1;  // weight_digit_base
  std::int64_t columns = 0;

  std::int64_t width() const { return right * columns; }
  std::int64_t sums(std::int64_t rows) const { return left * rows * width(); }
  // A row of a matrix of `rows`.
  struct Row {
    std::int64_t index, rows;
  };
  void finish(const RowKernels& kernels, const std::int32_t* sums, const Row& row,
              const RowEpilogue& end, float* y) const {
    const std::int32_t* high = sums + row.index * width();
    if (left == 1 && right == 1) {
      kernels.linear_epilogue(high, columns, end, y);
      return;
    }
    DigitSums terms = {.count = left * right};
    int term = 0;
    for (int l = 0; l < left; ++l) {
      for (int r = 0; r < right; ++r, ++term) {
        terms.row[term] = high + l * row.rows * width() + r * columns;
        const std::int32_t factor =
            (l + 1 < left ? kDigitBase : 1) * (r + 1 < right ? right_base : 1);
        terms.factor[term] = static_cast<double>(factor);
      }
    }
    kernels.digits_epilogue(terms, columns, end, y);
  }
};

}  // namespace vitq
