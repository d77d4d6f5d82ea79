// SPDX-License-Identifier: Apache-2.0
#include "layer/symmetric.h"

#include <doctest/doctest.h>

#include <limits>
#include <vector>

#include "quantizer/samples.h"

using namespace vitq;

namespace {

Matrix row(std::vector<float> values) {
  Matrix m(1, static_cast<std::int64_t>(values.size()));
  m.values = std::move(values);
  return m;
}

}  // namespace

TEST_CASE("symmetric codes are nearest, ties to even, and clamped to their kind") {
  const Matrix x = row({-100.0F, -0.75F, -0.25F, 0.0F, 0.25F, 0.26F, 0.75F, 1.25F, 100.0F});
  CHECK(symmetric_codes(x, 0.5F, input_codes(4)) == row({-8, -2, 0, 0, 0, 1, 2, 2, 7}));
  CHECK(symmetric_codes(x, 0.5F, weight_codes(4)) == row({-7, -2, 0, 0, 0, 1, 2, 2, 7}));
  CHECK(symmetric_codes(x, 0.5F, probability_codes(4)) == row({0, 0, 0, 0, 0, 1, 2, 2, 7}));
  CHECK(symmetric_codes(row({1e30F, -1e30F}), 1e-9F, weight_codes(8)) == row({127, -127}));
}

TEST_CASE("the scale of the largest magnitude gives it the greatest code") {
  CHECK(largest_magnitude(std::vector<float>{1.0F, -3.5F, 2.0F}) == 3.5F);
  CHECK(max_scale(3.5F, input_codes(4)) == 0.5F);
  CHECK(max_scale(254.0F, weight_codes(8)) == 2.0F);
  CHECK(max_scale(0.0F, weight_codes(8)) >= std::numeric_limits<float>::min());
}

TEST_CASE("a static input stands for what its symmetric codes stand for") {
  const Matrix x = test::noise(1, 2000, 4);
  for (const int bits : {4, 8}) {
    const float scale = 1.5F / static_cast<float>(input_codes(bits).max);
    const QParams params = static_input(bits, scale);
    const Matrix codes = symmetric_codes(x, scale, input_codes(bits));
    REQUIRE(params.range == Range::kStatic);
    for (std::size_t i = 0; i < 2000; ++i) {
      const int code = code_of(x.values[i], params.lo[0], 1.0F / params.scale[0], params.bits);
      CHECK(code + input_codes(bits).min == static_cast<int>(codes.values[i]));
    }
  }
}

TEST_CASE("static keys, values and probabilities have the codes that the search used") {
  CHECK(static_key_or_value(6, 0.25F).bits == 6);
  CHECK(static_key_or_value(6, 0.25F).lo == std::vector<float>{0.0F});
  for (int bits = 2; bits <= 8; ++bits) {
    CHECK(max_code(static_probability(bits, 0.1F).bits) == probability_codes(bits).max);
  }
  CHECK(static_probability(3, 0.1F).bits == 2);
  CHECK(static_probability(2, 0.1F).bits == 2);  // a scheme has no fewer
  CHECK(static_probability(8, 0.1F).lo == std::vector<float>{0.0F});
}
