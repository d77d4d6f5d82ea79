// SPDX-License-Identifier: Apache-2.0
// Rows drawn without repetition.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

#include "random.h"

namespace vitq {

// `count` of 0..n-1, all of them if there are fewer, ascending.
inline std::vector<std::int64_t> draw(std::int64_t n, std::int64_t count, Random& random) {
  std::vector<std::int64_t> rows(static_cast<std::size_t>(n));
  std::iota(rows.begin(), rows.end(), 0);
  for (std::int64_t i = 0; i < std::min(count, n - 1); ++i) {
    std::swap(rows[static_cast<std::size_t>(i)],
              rows[static_cast<std::size_t>(i + random.below(n - i))]);
  }
  rows.resize(static_cast<std::size_t>(std::min(count, n)));
  std::ranges::sort(rows);
  return rows;
}

}  // namespace vitq
