// SPDX-License-Identifier: Apache-2.0
// A share of few images is uncertain, and this says by how much.
#pragma once

#include <cstdint>
#include <string>

namespace vitq::apps {

// This is the 95 % score interval of a share by E. B. Wilson, JASA 22 (1927).
struct Interval {
  double low = 0.0;
  double high = 0.0;
};
Interval wilson(std::int64_t hits, std::int64_t trials);

// "79.87 %  (595; 95 % interval 76.84 to 82.59)".
std::string share_text(std::int64_t hits, std::int64_t trials);

}  // namespace vitq::apps
