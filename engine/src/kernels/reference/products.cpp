// SPDX-License-Identifier: Apache-2.0
#include "kernels/products.h"

namespace vitq {

void multiply_reference(const ProductShape& s, const std::uint8_t* a, const std::int8_t* b,
                        std::int32_t* c) {
  for (std::int64_t row = 0; row < s.m; ++row) {
    for (std::int64_t column = 0; column < s.n; ++column) {
      std::int32_t sum = 0;
      for (std::int64_t k = 0; k < s.k; ++k) {
        const std::int8_t right = s.transpose_b ? b[column * s.k + k] : b[k * s.n + column];
        sum += std::int32_t{a[row * s.k + k]} * std::int32_t{right};
      }
      c[row * s.n + column] = sum;
    }
  }
}

}  // namespace vitq
