// SPDX-License-Identifier: Apache-2.0
// Compares figures with those that tests/golden/make_coco.py has recorded.
#pragma once

#include <doctest/doctest.h>

#include <cmath>

#include "vitq/coco_metrics.h"

namespace vitq::test {

inline void check_score(const Score& found, const Json& expected) {
  REQUIRE(found.has_value() == !expected.is_null());
  if (found) CHECK(std::abs(*found - expected.number()) <= 1e-9);
}

inline void check_figures(const CocoMetrics& metrics, const Json& expected) {
  for (const auto& [name, score] : figures(metrics)) {
    CAPTURE(name);
    check_score(score, expected.at(name));
  }
  const std::vector<Json> categories = expected.at("categories").items();
  REQUIRE(metrics.category_ap.size() == categories.size());
  for (std::size_t i = 0; i < categories.size(); ++i) {
    CAPTURE(i);
    check_score(metrics.category_ap[i], categories[i]);
  }
}

}  // namespace vitq::test
