// SPDX-License-Identifier: Apache-2.0
// Method "ridge" where it knows what is wanted, and where the inputs say nothing.
#include <doctest/doctest.h>

#include <algorithm>

#include "quantizer/support.h"

using namespace vitq;
using namespace vitq::test;

TEST_CASE("ridge moves weights to where they make up for a wrong input") {
  // The quantized stream halves what the float stream gives: twice the weights are wanted.
  LayerDraft layer = draft_of(random_matrix(3, 4, 4), 8);
  std::vector<Matrix> images = correlated_images(4, 200, 4);
  LayerSource source = source_of(layer, images);
  source.inputs = [images](std::int64_t i) {
    Matrix half = images[static_cast<std::size_t>(i)];
    for (float& v : half.values) v *= 0.5F;
    return half;
  };
  layer.target = Target::kFloatStream;
  LayerData data(source, 1);
  const LayerDraft start = layer;
  const auto check_moved = [&](const char* settings, double factor) {
    layer = start;
    run("ridge", settings, layer, data);
    for (std::size_t i = 0; i < layer.goal.values.size(); ++i) {
      CHECK(layer.goal.values[i] ==
            doctest::Approx(factor * static_cast<double>(layer.weight.values[i])).epsilon(0.05));
    }
  };
  check_moved(R"({"strength": 1e-5})", 2.0);
  check_moved(R"({"strength": 1e-5, "share": 0.25})", 1.25);
}

TEST_CASE("ridge leaves the weights alone where the inputs stand still") {
  LayerDraft layer = draft_of(random_matrix(3, 4, 4), 4);
  const Matrix row = random_matrix(1, 4, 9);
  std::vector<Matrix> images(4, Matrix(50, 4));
  for (Matrix& image : images) {
    for (std::int64_t r = 0; r < image.rows; ++r)
      std::ranges::copy(row.row(0), image.row(r).begin());
  }
  LayerSource source = source_of(layer, images);
  // What is wanted differs from row to row all the same.
  source.targets = [](std::int64_t i) { return random_matrix(50, 3, static_cast<unsigned>(i)); };
  layer.target = Target::kFloatStream;
  LayerData data(source, 1);
  const std::vector<float> before = layer.goal.values;
  run("ridge", R"({"strength": 0.3})", layer, data);
  CHECK(layer.goal.values == before);
}
