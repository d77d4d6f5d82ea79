// SPDX-License-Identifier: Apache-2.0
// Every method on cases small enough to reason about, and the promise that no search ends worse
// than it began.
#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <numeric>

#include "layer/rounding.h"
#include "quantizer/support.h"
#include "vitq/error.h"
#include "vitq/method.h"

using namespace vitq;
using namespace vitq::test;

TEST_CASE("rounding to nearest takes the codes that division gives") {
  Matrix weight(1, 3);
  weight.values = {0.5F, -1.27F, 0.014F};
  LayerDraft layer = draft_of(weight, 8);
  layer.scale = largest_scales(layer);
  round_to_nearest(layer);
  CHECK(layer.scale[0] == doctest::Approx(0.01));
  CHECK(layer.codes == std::vector<std::int16_t>{50, -127, 1});
}

TEST_CASE("searched scales never round worse than the largest weight's") {
  for (const int bits : {3, 4, 6, 7, 8}) {
    LayerDraft layer = draft_of(random_matrix(6, 20, 3), bits);
    layer.goal.values[3] = 4.0F;  // an outlier
    const std::vector<float> importance(20, 1.0F);
    const auto error = [&](std::vector<float> scale) {
      layer.scale = std::move(scale);
      round_to_nearest(layer);
      Matrix unit(20, 20);
      for (std::int64_t i = 0; i < 20; ++i) unit.row(i)[static_cast<std::size_t>(i)] = 1.0F;
      return objective(layer, unit);
    };
    CHECK(error(searched_scales(layer, importance, 40)) <= error(largest_scales(layer)));
  }
}

TEST_CASE("a code grid gives the nearest code there is") {
  LayerDraft layer = draft_of(random_matrix(1, 4, 1), 3);
  const std::vector<std::vector<float>> books = {{}, {-31, -17, -9, -2, 3, 8, 16, 29}};
  for (const std::vector<float>& book : books) {
    layer.codebook = book;
    const std::vector<float> codes =
        book.empty() ? std::vector<float>{-3, -2, -1, 0, 1, 2, 3} : book;
    const CodeGrid grid(layer);
    for (float v = -40.0F; v < 40.0F; v += 0.0625F) {
      const float found = grid.nearest(v);
      CAPTURE(v);
      CHECK(std::ranges::count(codes, found) == 1);
      for (const float code : codes) CHECK(std::abs(found - v) <= std::abs(code - v));
    }
  }
}

TEST_CASE("a codebook rounds weights that lie like a bell with less error than even codes") {
  for (const int bits : {2, 3, 4, 5}) {
    Matrix weight = random_matrix(64, 64, 5);
    for (float& v : weight.values) v = v * v * v;
    const LayerDraft start = draft_of(weight, bits);
    LayerData data(source_of(start, correlated_images(3, 60, 64)), 1);
    LayerDraft even = rounded(bits, data, start);
    LayerDraft coded = even;
    run("codebook", "{}", coded, data);
    REQUIRE(coded.codebook.size() == std::size_t{1} << static_cast<unsigned>(bits));
    CHECK(std::ranges::adjacent_find(coded.codebook, std::greater_equal<>()) ==
          coded.codebook.end());
    for (const std::int16_t code : coded.codes) {
      CHECK(std::ranges::count(coded.codebook, static_cast<float>(code)) == 1);
    }
    Matrix diagonal(64, 64);
    const std::vector<float> importance = diagonal_of(data.moments(start).gram);
    for (std::int64_t c = 0; c < 64; ++c) {
      diagonal.row(c)[static_cast<std::size_t>(c)] = importance[static_cast<std::size_t>(c)];
    }
    CAPTURE(bits);
    CHECK(objective(coded, diagonal) < (bits < 5 ? 0.9 : 1.0) * objective(even, diagonal));
  }
}

TEST_CASE("weights that even codes hold, and small layers, get no codebook") {
  Matrix even = random_matrix(64, 64, 5);
  for (float& v : even.values) v = std::nearbyintf(v * 7.0F) / 7.0F;
  for (const Matrix& weight : {even, random_matrix(2, 64, 5)}) {
    const LayerDraft start = draft_of(weight, 4);
    LayerData data(source_of(start, correlated_images(3, 60, 64)), 1);
    LayerDraft layer = rounded(4, data, start);
    const std::vector<std::int16_t> codes = layer.codes;
    run("codebook", "{}", layer, data);
    CHECK(layer.codebook.empty());
    CHECK(layer.codes == codes);
  }
}

TEST_CASE("sweeps never raise the error, from wherever they start") {
  for (unsigned seed = 0; seed < 8; ++seed) {
    const LayerDraft start = draft_of(random_matrix(4, 16, seed), 4);
    LayerData data(source_of(start, correlated_images(3, 60, 16)), 1);
    LayerDraft layer = rounded(4, data, start);
    const Matrix gram = data.moments(layer).gram;
    if (seed % 2 == 1) run("gptq", "{}", layer, data);
    double before = objective(layer, gram);
    for (int i = 0; i < 3; ++i) {
      run("coordinate_descent", R"({"count": 1, "ridge": 0})", layer, data);
      const double after = objective(layer, gram);
      CHECK(after <= before * (1.0 + 1e-5));
      before = after;
    }
  }
}

TEST_CASE("sweeps keep codes within their bits") {
  const LayerDraft start = draft_of(random_matrix(4, 16, 9), 3);
  LayerData data(source_of(start, correlated_images(3, 60, 16)), 1);
  LayerDraft layer = rounded(3, data, start);
  run("coordinate_descent", R"({"count": 5})", layer, data);
  for (const std::int16_t code : layer.codes) CHECK(std::abs(int{code}) <= max_weight_code(3));
}

TEST_CASE("a bias gives outputs the mean they should have, output tokens their own") {
  LayerDraft layer = draft_of(random_matrix(3, 4, 4), 4);
  LayerSource source = source_of(layer, correlated_images(30, 20, 4), 1);
  source.targets = [wanted = source.targets](std::int64_t image) {
    Matrix t = wanted(image);
    for (std::int64_t r = 0; r < t.rows; ++r) {
      for (float& v : t.row(r)) v += r == 0 ? 3.0F : 1.0F;
    }
    return t;
  };
  layer.target = Target::kFloatStream;
  LayerData data(source, 1);
  layer = rounded(4, data, layer);
  const double before = output_error(layer, data.sample(layer));
  run("bias", "{}", layer, data);
  CHECK(output_error(layer, data.sample(layer)) < before);
  REQUIRE(layer.output_token_bias.size() == 3);
  for (std::size_t o = 0; o < 3; ++o) {
    CHECK(layer.new_bias[o] == doctest::Approx(1.25).epsilon(0.15));
    CHECK(layer.output_token_bias[o] == doctest::Approx(3.25).epsilon(0.15));
  }
}

TEST_CASE("output tokens without a common error keep the others' bias nearly") {
  LayerDraft layer = draft_of(random_matrix(3, 4, 4), 8);
  LayerSource source = source_of(layer, correlated_images(8, 20, 4), 1);
  source.targets = [wanted = source.targets](std::int64_t image) {
    Matrix t = wanted(image);
    for (float& v : t.row(0)) v += image % 2 == 0 ? 5.0F : -5.0F;
    return t;
  };
  layer.target = Target::kFloatStream;
  LayerData data(source, 1);
  layer = rounded(8, data, layer);
  run("bias", "{}", layer, data);
  for (std::size_t o = 0; o < 3; ++o) {
    CHECK(std::abs(layer.output_token_bias[o] - layer.new_bias[o]) < 0.01F);
  }
}

TEST_CASE("a smoothing scale leaves what the layer computes in float") {
  LayerDraft layer = draft_of(random_matrix(3, 4, 4), 8);
  const Matrix x = correlated_rows(10, 4, 3);
  set_smoothing(layer, {0.5F, 2.0F, 1.0F, 4.0F}, {0.1F, -0.2F, 0.3F, 0.0F});
  const Matrix wanted = float_outputs(layer, x);
  const std::vector<float> smoothing_scale = column_smoothing(layer);
  const std::vector<float> channel_offset = column_offset(layer);
  for (std::int64_t r = 0; r < x.rows; ++r) {
    for (std::int64_t o = 0; o < 3; ++o) {
      auto y = static_cast<double>(layer.bias[static_cast<std::size_t>(o)]);
      for (std::size_t c = 0; c < 4; ++c) {
        const auto w = static_cast<double>(layer.goal.row(o)[c]);
        y += w * (static_cast<double>(x.row(r)[c]) - static_cast<double>(channel_offset[c])) /
                 static_cast<double>(smoothing_scale[c]) +
             w * static_cast<double>(channel_offset[c]) / static_cast<double>(smoothing_scale[c]);
      }
      CHECK(wanted.row(r)[static_cast<std::size_t>(o)] == doctest::Approx(y).epsilon(1e-5));
    }
  }
}

TEST_CASE("the search for a smoothing scale tames a channel that drowns the others") {
  const LayerDraft start = draft_of(random_matrix(6, 16, 4), 8);
  std::vector<Matrix> images = correlated_images(4, 100, 16);
  for (Matrix& image : images) {
    for (std::int64_t r = 0; r < image.rows; ++r) image.row(r)[5] = 40.0F + 20.0F * image.row(r)[5];
  }
  LayerDraft layer = start;
  for (std::int64_t o = 0; o < 6; ++o) layer.weight.row(o)[5] *= 0.01F;
  set_smoothing(layer, {}, {});
  LayerData data(source_of(layer, images), 1);
  LayerDraft plain = rounded(8, data, layer);
  run("smooth", "{}", layer, data);
  CHECK_FALSE(layer.input.smoothing_scale.empty());
  layer = rounded(8, data, layer);
  CHECK(output_error(layer, data.sample(layer)) < 0.1 * output_error(plain, data.sample(plain)));
}

TEST_CASE("a channel that the calibration images left still does no harm when it moves") {
  // Channel 5 drowns the others, so that a smoothing_scale is wanted.
  const auto images = [](float still) {
    std::vector<Matrix> all = correlated_images(4, 100, 16);
    for (Matrix& image : all) {
      for (std::int64_t r = 0; r < image.rows; ++r) {
        image.row(r)[5] *= 60.0F;
        image.row(r)[9] *= still;
      }
    }
    return all;
  };
  LayerDraft layer = draft_of(random_matrix(6, 16, 4), 8);
  for (std::int64_t o = 0; o < 6; ++o) layer.weight.row(o)[5] *= 0.01F;
  set_smoothing(layer, {}, {});
  LayerData calibration(source_of(layer, images(0.0F)), 1);
  LayerData others(source_of(layer, images(1.0F)), 1);
  run("smooth", "{}", layer, calibration);
  REQUIRE_FALSE(layer.input.smoothing_scale.empty());
  layer = rounded(8, calibration, layer);
  CHECK(output_error(layer, others.sample(layer)) < 1e-3);
}

TEST_CASE("clipping gives few codes to where most values are, and leaves even values alone") {
  LayerDraft layer = draft_of(random_matrix(6, 64, 4), 8, 3);
  std::vector<Matrix> images = correlated_images(4, 100, 64);
  for (Matrix& image : images) {
    for (std::int64_t r = 0; r < image.rows; ++r) {
      image.row(r)[static_cast<std::size_t>(r) % 64] = 6.0F;  // the top of each row is one value
    }
  }
  LayerData data(source_of(layer, images), 1);
  LayerDraft clipped = layer;
  run("clip", "{}", clipped, data);
  REQUIRE(clipped.input.clip.size() == 2);
  CHECK(clipped.input.clip[1] > 0.05F);
  layer = rounded(8, data, layer);
  clipped.scale = layer.scale;
  clipped.codes = layer.codes;
  CHECK(output_error(clipped, data.sample(clipped)) < output_error(layer, data.sample(layer)));

  LayerDraft fine = draft_of(random_matrix(6, 64, 4), 8, 8);
  for (Matrix& image : images) {
    for (std::int64_t r = 0; r < image.rows; ++r) {
      for (std::size_t c = 0; c < 64; ++c) image.row(r)[c] = static_cast<float>(c % 2);
    }
  }
  LayerData even(source_of(fine, images), 1);
  run("clip", "{}", fine, even);
  CHECK(fine.input.clip.empty());
}

TEST_CASE("settings that nobody knows or that do not fit are refused") {
  const auto make = [](std::string_view name, const std::string& json) {
    return make_method(name, Json::parse(json, "recipe.json"));
  };
  CHECK_THROWS_AS(make("gptq", R"({"dampening": 0.1})"), FileError);
  CHECK_THROWS_AS(make("gptq", R"({"damping": 7})"), FileError);
  CHECK_THROWS_AS(make("gptq", R"({"damping": "much"})"), FileError);
  CHECK_THROWS_AS(make("target", R"({"stream": "sea"})"), FileError);
  CHECK_THROWS_AS(make("no_such", "{}"), FileError);
  CHECK_NOTHROW(make("gptq", R"({"damping": 0.5})"));
}
