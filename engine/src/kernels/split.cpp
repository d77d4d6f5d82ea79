// SPDX-License-Identifier: Apache-2.0
#include "kernels/split.h"

#include <algorithm>
#include <cstdlib>

namespace vitq {

void limit_pair(std::int32_t& a, std::int32_t& b, std::int32_t limit) {
  if ((a > 0) != (b > 0) || a == 0 || b == 0) return;  // opposite signs cannot overflow
  const std::int32_t sign = a > 0 ? 1 : -1;
  const std::int32_t excess = std::abs(a + b) - limit;
  if (excess <= 0) return;
  std::int32_t& larger = std::abs(a) >= std::abs(b) ? a : b;
  std::int32_t& smaller = std::abs(a) >= std::abs(b) ? b : a;
  const std::int32_t from_larger = std::min(excess, std::abs(larger));
  larger -= sign * from_larger;
  smaller -= sign * (excess - from_larger);
}

void SparseRest::add_to(const std::uint8_t* x, std::int32_t* acc) const {
  for (std::size_t o = 0; o + 1 < begin.size(); ++o) {
    std::int32_t sum = 0;
    for (auto i = static_cast<std::size_t>(begin[o]); i < static_cast<std::size_t>(begin[o + 1]);
         ++i) {
      sum += value[i] * std::int32_t{x[column[i]]};
    }
    acc[o] += sum;
  }
}

SplitWeights split_pairs(std::span<const std::int8_t> codes, std::int64_t k, std::int32_t top) {
  const std::int32_t limit = 32767 / top;
  // oneDNN cuts long rows into blocks; only where k is a multiple of 4 do they start at even
  // columns.
  const std::size_t stride = k % 4 == 0 ? 2 : 1;
  SplitWeights result = {{codes.begin(), codes.end()}, {}};
  const auto width = static_cast<std::size_t>(k);
  const auto keep = [&result](std::size_t row, std::size_t column, std::int32_t rest) {
    if (rest == 0) return;
    result.rest.column.push_back(static_cast<std::int32_t>(column - row));
    result.rest.value.push_back(rest);
  };
  for (std::size_t row = 0; row < codes.size(); row += width) {
    result.rest.begin.push_back(static_cast<std::int64_t>(result.rest.column.size()));
    for (std::size_t i = row; i + 1 < row + width; i += stride) {
      std::int32_t a = result.dense[i];
      std::int32_t b = result.dense[i + 1];
      limit_pair(a, b, limit);
      result.dense[i] = static_cast<std::int8_t>(a);
      result.dense[i + 1] = static_cast<std::int8_t>(b);
    }
    for (std::size_t i = row; i < row + width; ++i) keep(row, i, codes[i] - result.dense[i]);
  }
  result.rest.begin.push_back(static_cast<std::int64_t>(result.rest.column.size()));
  return result;
}

}  // namespace vitq
