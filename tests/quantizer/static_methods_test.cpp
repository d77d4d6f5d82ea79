// SPDX-License-Identifier: Apache-2.0
// Methods that freeze ranges: the baselines, and the paper's.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "layer/ranges.h"
#include "layer/symmetric.h"
#include "methods/static_ranges.h"
#include "quantizer/samples.h"
#include "support/oracle.h"
#include "vitq/error.h"
#include "vitq/method.h"

using namespace vitq;
using oracle::wide;

namespace {

std::unique_ptr<const Method> method(const std::string& name, const std::string& settings = "{}") {
  return make_method(name, Json::parse(settings, "settings"));
}

LayerDraft fitted(const Method& method, int bits) {
  LayerData data(test::layer_source(8, 20, 6), 2);
  LayerDraft layer = test::layer_draft(4, 6, bits);
  layer.input.smoothing_scale.assign(6, 2.0F);
  method.fit_layer(layer, data);
  return layer;
}

Histogram all_inputs() {
  const LayerSource source = test::layer_source(8, 20, 6);
  Histogram histogram;
  for (std::int64_t i = 0; i < 8; ++i) histogram.add(source.inputs(i).values);
  return histogram;
}

AttentionSample attention_sample(std::int64_t image) {
  const auto seed = static_cast<std::uint64_t>(3 * image);
  return {test::noise_tensor({2, 9, 4}, seed), test::noise_tensor({2, 9, 4}, seed + 1),
          test::noise_tensor({2, 9, 4}, seed + 2)};
}

AttentionDraft fitted_attention(const Method& method, int bits) {
  AttentionData data = {.images = 5, .threads = 2, .sample = attention_sample};
  AttentionDraft attention;
  attention.scale = 0.5F;
  attention.heads = 2;
  attention.dim = 4;
  attention.bits = bits;
  method.fit_attention(attention, data);
  return attention;
}

void check_frozen(const QParams& params, Interval range, int steps) {
  CHECK(params.range == Range::kStatic);
  CHECK(params.smoothing_scale.empty());
  REQUIRE(params.scale.size() == 1);
  REQUIRE(params.lo.size() == 1);
  CHECK(wide(params.lo[0]) == doctest::Approx(range.lo));
  CHECK(wide(params.scale[0]) == doctest::Approx((range.hi - range.lo) / steps));
}

}  // namespace

TEST_CASE("each baseline freezes the range that its estimator finds in all inputs") {
  const Histogram h = all_inputs();
  const CodeKind kind = {Codes::kFree, 6};
  check_frozen(fitted(*method("minmax"), 6).input, min_max_range(h, kind), 63);
  check_frozen(fitted(*method("percentile"), 6).input, percentile_range(h, kind), 63);
  check_frozen(fitted(*method("percentile", R"({"percent": 90})"), 6).input,
               percentile_range(h, kind, 90.0), 63);
  check_frozen(fitted(*method("mse"), 6).input, mse_range(h, kind), 63);
  check_frozen(fitted(*method("entropy"), 6).input, entropy_range(h, kind), 63);
}

TEST_CASE("settings of baselines are checked") {
  CHECK_THROWS_AS(method("percentile", R"({"percent": 20})"), FileError);
  CHECK_THROWS_AS(method("minmax", R"({"percent": 99})"), FileError);
  CHECK_THROWS_AS(method("correlation", R"({"low": 2, "high": 1})"), FileError);
}

TEST_CASE("min-max holds the operands of an attention, keys and values around zero") {
  const AttentionDraft attention = fitted_attention(*method("minmax"), 8);
  Histogram query;
  float key = 0.0F;
  float value = 0.0F;
  for (std::int64_t i = 0; i < 5; ++i) {
    const AttentionSample sample = attention_sample(i);
    query.add(sample.query.as<float>());
    key = std::max(key, largest_magnitude(sample.key.as<float>()));
    value = std::max(value, largest_magnitude(sample.value.as<float>()));
  }
  check_frozen(attention.query, min_max_range(query, {}), 255);
  check_frozen(attention.key, {0.0, wide(key)}, 127);
  check_frozen(attention.value, {0.0, wide(value)}, 127);
  CHECK(attention.probability.lo == std::vector<float>{0.0F});
  const double max = 255.0 * wide(attention.probability.scale[0]);
  CHECK(max > 1.0 / 9.0);
  CHECK(max <= 1.0);
}

TEST_CASE("entropy keeps all probabilities of an attention, which its threshold would cut") {
  const std::vector<float> all = fitted_attention(*method("minmax"), 3).probability.scale;
  CHECK(fitted_attention(*method("entropy"), 3).probability.scale == all);
  const StaticRanges threshold(entropy_range);
  CHECK(fitted_attention(threshold, 3).probability.scale[0] < 0.9F * all[0]);
}

TEST_CASE("the paper's method leaves one scale per tensor and symmetric codes") {
  const LayerDraft layer = fitted(*method("correlation"), 4);
  REQUIRE(layer.scale.size() == 4);
  REQUIRE(layer.codes.size() == 24);
  CHECK(std::ranges::count(layer.scale, layer.scale[0]) == 4);
  CHECK(layer.goal == layer.weight);
  const Matrix codes = symmetric_codes(layer.weight, layer.scale[0], weight_codes(4));
  for (std::size_t i = 0; i < 24; ++i) {
    CHECK(static_cast<float>(layer.codes[i]) == codes.values[i]);
  }
  check_frozen(layer.input, {-8.0 * wide(layer.input.scale[0]), 7.0 * wide(layer.input.scale[0])},
               15);
  CHECK(layer.new_bias != layer.bias);
  const double max = wide(largest_magnitude(layer.weight.values)) / 7.0;
  CHECK(wide(layer.scale[0]) >= 0.499 * max);
  CHECK(wide(layer.scale[0]) <= 1.201 * max);
}

TEST_CASE("the parts of the paper's method can be switched off") {
  const LayerDraft plain = fitted(*method("correlation", R"({"bias_correction": false})"), 4);
  CHECK(plain.new_bias == plain.bias);
  const LayerDraft still = fitted(*method("correlation", R"({"similarity": false})"), 4);
  CHECK(wide(still.scale[0]) ==
        doctest::Approx(wide(largest_magnitude(still.weight.values)) / 7.0));
  const AttentionDraft ranked =
      fitted_attention(*method("correlation", R"({"gamma": 1000, "pairs": 36})"), 3);
  const AttentionDraft unranked = fitted_attention(
      *method("correlation", R"({"gamma": 1000, "pairs": 36, "ranking": false})"), 3);
  CHECK((ranked.query.scale != unranked.query.scale || ranked.key.scale != unranked.key.scale));
  CHECK(ranked.value == unranked.value);
}

TEST_CASE("the paper's method freezes the operands of an attention") {
  const AttentionDraft attention = fitted_attention(*method("correlation"), 6);
  check_frozen(attention.query,
               {-32.0 * wide(attention.query.scale[0]), 31.0 * wide(attention.query.scale[0])}, 63);
  CHECK(attention.key.lo == std::vector<float>{0.0F});
  CHECK(attention.value.lo == std::vector<float>{0.0F});
  CHECK(attention.probability.bits == 5);
  CHECK(wide(attention.probability.scale[0]) * 31.0 < 1.21);
}
