// SPDX-License-Identifier: Apache-2.0
// What methods do otherwise where the inputs come from generated images.
#include <doctest/doctest.h>

#include <algorithm>

#include "quantizer/support.h"

using namespace vitq;
using namespace vitq::test;

namespace {

constexpr std::size_t kLoud = 5;
constexpr std::size_t kQuiet = 9;

// Channel kLoud drowns the others, so that smoothing is wanted. Channel kQuiet hardly moves.
LayerSource source_with_extremes(const LayerDraft& layer, bool generated) {
  std::vector<Matrix> images = correlated_images(4, 100, 16);
  for (Matrix& image : images) {
    for (std::int64_t r = 0; r < image.rows; ++r) {
      image.row(r)[kLoud] *= 60.0F;
      image.row(r)[kQuiet] *= 0.02F;
    }
  }
  LayerSource source = source_of(layer, images);
  source.generated = generated;
  return source;
}

LayerDraft with_small_weights_of_the_loud() {
  LayerDraft layer = draft_of(random_matrix(6, 16, 4), 8);
  for (std::int64_t o = 0; o < 6; ++o) layer.weight.row(o)[kLoud] *= 0.01F;
  set_smoothing(layer, {}, {});
  return layer;
}

// The scales that smoothing gives channels.
std::vector<float> smoothed(bool generated) {
  LayerDraft layer = with_small_weights_of_the_loud();
  LayerData data(source_with_extremes(layer, generated), 1);
  run("smooth", "{}", layer, data);
  REQUIRE(layer.input.smoothing_scale.size() == 16);
  return layer.input.smoothing_scale;
}

std::vector<std::int16_t> codes(const std::string& method, const std::string& settings,
                                bool generated) {
  const LayerDraft start = draft_of(random_matrix(8, 24, 5), 4);
  LayerSource source = source_of(start, correlated_images(6, 50, 24));
  source.generated = generated;
  LayerData data(std::move(source), 1);
  LayerDraft layer = rounded(4, data, start);
  run(method, settings, layer, data);
  return layer.codes;
}

}  // namespace

TEST_CASE("generated images tell which channel is loud, and not which is quiet") {
  const std::vector<float> own = smoothed(false);
  CHECK(own[kQuiet] < 0.5F * own[kQuiet - 1]);
  const std::vector<float> generated = smoothed(true);
  CHECK(generated[kLoud] > 3.0F * generated[kQuiet]);
  // All that are no louder than four times the median count the same but for their weights.
  std::vector<float> others = generated;
  others.erase(others.begin() + kLoud);
  const auto [least, most] = std::ranges::minmax(others);
  CHECK(most < 2.0F * least);
}

TEST_CASE("rounding leans on what generated images say by a ridge of its own") {
  for (const std::string method : {"gptq", "coordinate_descent"}) {
    CAPTURE(method);
    CHECK(codes(method, "{}", true) == codes(method, R"({"ridge": 0.3})", false));
    CHECK(codes(method, R"({"generated_ridge": 0.003})", true) == codes(method, "{}", false));
    CHECK(codes(method, "{}", true) != codes(method, "{}", false));
  }
}
