// SPDX-License-Identifier: Apache-2.0
#include "eval/wilson.h"

#include <algorithm>
#include <cmath>

#include "common/table.h"
#include "vitq/comparison_json.h"

namespace vitq::apps {

Interval wilson(std::int64_t hits, std::int64_t trials) {
  constexpr double kZ = 1.959963984540054;  // of 95 %, two-sided
  if (trials == 0) return {0.0, 1.0};
  const auto n = static_cast<double>(trials);
  const double share = static_cast<double>(hits) / n;
  const double scale = 1.0 + kZ * kZ / n;
  const double centre = (share + kZ * kZ / (2.0 * n)) / scale;
  const double half = kZ / scale * std::sqrt(share * (1.0 - share) / n + kZ * kZ / (4.0 * n * n));
  return {std::max(0.0, centre - half), std::min(1.0, centre + half)};
}

std::string share_text(std::int64_t hits, std::int64_t trials) {
  const Interval interval = wilson(hits, trials);
  return fixed(percentage(hits, trials), 2) + " %  (" + std::to_string(hits) + "; 95 % interval " +
         fixed(100.0 * interval.low, 2) + " to " + fixed(100.0 * interval.high, 2) + ")";
}

}  // namespace vitq::apps
