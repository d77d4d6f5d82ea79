// SPDX-License-Identifier: Apache-2.0
// Products of code matrices for the inside of kernels: exact sums in s32. All matrices are dense
// and row-major; b is [n, k] where it is transposed.
#pragma once

#include <cstdint>

namespace vitq {

struct ProductShape {
  std::int64_t m = 0, n = 0, k = 0;
  bool transpose_b = false;
};

// Exact on CPUs with VNNI or AMX; elsewhere 16-bit sums may saturate.
void multiply_vnni(const ProductShape& shape, const std::uint8_t* a, const std::int8_t* b,
                   std::int32_t* c);

// Exact anywhere: codes held in floats, whose products and sums below 2^24 are exact too. Longer
// sums are cut into pieces.
void multiply_floats(const ProductShape& shape, const float* a, const float* b, std::int32_t* c);

// Exact, and slow: the arbiter.
void multiply_reference(const ProductShape& shape, const std::uint8_t* a, const std::int8_t* b,
                        std::int32_t* c);

}  // namespace vitq
