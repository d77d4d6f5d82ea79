// SPDX-License-Identifier: Apache-2.0
// Tests multiply these codes, the worst included, and take their sums in 64 bits.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

namespace vitq {

using Codes = std::vector<std::int8_t>;
using Acts = std::vector<std::uint8_t>;

// The last two have weights that `top` does not bound: all of them the least code there is, or each
// one of the ends. kEnds draws activations from their ends, too.
enum class Fill { kRandom, kAllTop, kAlternating, kAllLeast, kEnds };

inline Codes weights(std::int64_t count, std::int32_t top, Fill fill, std::mt19937& random) {
  std::uniform_int_distribution<int> any(-top, top);
  std::bernoulli_distribution upper;
  Codes codes;
  for (std::int64_t i = 0; i < count; ++i) {
    int code = top;
    if (fill == Fill::kRandom) code = any(random);
    if (fill == Fill::kAlternating && i % 2 != 0) code = -top;
    if (fill == Fill::kAllLeast || (fill == Fill::kEnds && upper(random))) code = -128;
    codes.push_back(static_cast<std::int8_t>(code));
  }
  return codes;
}

inline Acts acts(std::int64_t count, Fill fill, std::mt19937& random) {
  std::uniform_int_distribution<int> any(0, 255);
  std::bernoulli_distribution upper;
  Acts codes;
  for (std::int64_t i = 0; i < count; ++i) {
    int code = 255;
    if (fill == Fill::kRandom) code = any(random);
    if (fill == Fill::kEnds) code = upper(random) ? 255 : 0;
    codes.push_back(static_cast<std::uint8_t>(code));
  }
  return codes;
}

// sums[i][o] is sum_c x[i][c] * w[o][c], for x [m, k] and w [n, k].
inline std::vector<std::int64_t> exact_sums(const Acts& x, const Codes& w, std::int64_t n,
                                            std::int64_t k) {
  const auto m = static_cast<std::int64_t>(x.size()) / k;
  std::vector<std::int64_t> sums;
  for (std::int64_t i = 0; i < m; ++i) {
    for (std::int64_t o = 0; o < n; ++o) {
      std::int64_t sum = 0;
      for (std::int64_t c = 0; c < k; ++c) {
        sum += std::int64_t{x[static_cast<std::size_t>(i * k + c)]} *
               std::int64_t{w[static_cast<std::size_t>(o * k + c)]};
      }
      sums.push_back(sum);
    }
  }
  return sums;
}

}  // namespace vitq
