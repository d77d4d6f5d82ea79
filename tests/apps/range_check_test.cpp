// SPDX-License-Identifier: Apache-2.0
// What counts as outside of a static range.
#include "common/range_check.h"

#include <doctest/doctest.h>

#include <array>

using namespace vitq;

TEST_CASE("values more than half a step beyond the ends are outside of a static range") {
  QParams params;
  params.range = Range::kStatic;
  params.scale = {0.5F};
  params.lo = {-1.0F};
  const std::array<float, 6> values = {-1.0F, -1.2F, -1.3F, 126.5F, 126.7F, 126.8F};
  CHECK(apps::clipped_share(values, params) == doctest::Approx(2.0 / 6.0));
  params.bits = 4;
  CHECK(apps::clipped_share(values, params) == doctest::Approx(4.0 / 6.0));
}

TEST_CASE("smoothing scale and channel offset of each channel come before the range") {
  const QParams params = {.bits = 8,
                          .range = Range::kStatic,
                          .scale = {1.0F},
                          .lo = {0.0F},
                          .smoothing_scale = {1.0F, 10.0F},
                          .channel_offset = {0.0F, -5.0F}};
  const std::array<float, 4> values = {300.0F, 300.0F, 0.0F, -20.0F};
  CHECK(apps::clipped_share(values, params) == 0.5);
}
