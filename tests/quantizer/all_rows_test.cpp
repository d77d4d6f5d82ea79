// SPDX-License-Identifier: Apache-2.0
#include "layer/all_rows.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "layer/symmetric.h"
#include "quantizer/samples.h"
#include "support/oracle.h"

using namespace vitq;
using oracle::wide;

namespace {

// 6 images of 9 rows and 4 background rows, the last of which are far away.
LayerSource source_with_background() {
  LayerSource source = test::layer_source(6, 9, 5);
  source.background = [](std::int64_t image) {
    Matrix rows = test::noise(4, 5, 50 + static_cast<std::uint64_t>(image));
    if (image == 3) rows.values.back() = -64.0F;
    return rows;
  };
  return source;
}

}  // namespace

TEST_CASE("all rows of an image are its rows and those of the background") {
  const LayerSource source = source_with_background();
  const Matrix all = all_rows(source, 2);
  REQUIRE(all.rows == 13);
  CHECK(all.row(8)[4] == source.inputs(2).row(8)[4]);
  CHECK(all.row(12)[0] == source.background(2).row(3)[0]);
  CHECK(all_rows(test::layer_source(1, 9, 5), 0).rows == 9);
}

TEST_CASE("a sample has whole images, evenly among all, and the layer's own outputs") {
  const LayerData data(source_with_background(), 2);
  const LayerDraft layer = test::layer_draft(3, 5, 8);
  const WholeImageSample sample = whole_image_sample(layer, data, 20);
  REQUIRE(sample.rows.x.rows == 26);
  CHECK(sample.input_max == 64.0F);
  for (std::int64_t r = 0; r < 26; ++r) {
    const std::int64_t image = r < 13 ? 2 : 5;
    CHECK(sample.rows.image[static_cast<std::size_t>(r)] == image);
    CHECK(sample.rows.weight[static_cast<std::size_t>(r)] == 1.0F);
    const std::span<const float> x = sample.rows.x.row(r);
    const Matrix all = all_rows(data.source(), image);
    CHECK(std::ranges::equal(all.row(r % 13), x));
    double y = wide(layer.bias[1]);
    for (std::size_t c = 0; c < 5; ++c) y += wide(layer.weight.row(1)[c]) * wide(x[c]);
    CHECK(std::fabs(wide(sample.rows.target.row(r)[1]) - y) < 1e-5);
  }
  CHECK(whole_image_sample(layer, data, 1000).rows.x.rows == 78);
}

TEST_CASE("the histogram of a layer's inputs counts all rows once") {
  const LayerData data(source_with_background(), 2);
  const Histogram histogram = input_histogram(data);
  CHECK(histogram.total() == 6 * 13 * 5);
  CHECK(histogram.min() == -64.0F);
}

TEST_CASE("the corrected bias leaves no mean error over all rows") {
  const LayerData data(source_with_background(), 2);
  LayerDraft layer = test::layer_draft(3, 5, 4);
  const float scale = 2.0F / 7.0F;
  layer.input = static_input(4, 0.3137F);
  layer.scale.assign(3, scale);
  const Matrix codes = symmetric_codes(layer.weight, scale, weight_codes(4));
  for (const float code : codes.values) layer.codes.push_back(static_cast<std::int16_t>(code));
  const std::vector<float> bias = corrected_bias(layer, data);
  for (std::size_t o = 0; o < 3; ++o) {
    double error = 0.0;
    double before = 0.0;
    for (std::int64_t image = 0; image < 6; ++image) {
      const Matrix x = all_rows(data.source(), image);
      for (std::int64_t r = 0; r < x.rows; ++r) {
        double off = 0.0;
        for (std::size_t c = 0; c < 5; ++c) {
          const double code = std::nearbyint(wide(x.row(r)[c]) / wide(0.3137F));
          const double coded = wide(0.3137F) * std::min(std::max(code, -8.0), 7.0);
          off += wide(scale) * wide(codes.row(static_cast<std::int64_t>(o))[c]) * coded;
          off -= wide(layer.weight.row(static_cast<std::int64_t>(o))[c]) * wide(x.row(r)[c]);
        }
        error += off + wide(bias[o]) - wide(layer.bias[o]);
        before += off;
      }
    }
    CHECK(std::fabs(error) < 1e-3);
    CHECK(std::fabs(before) > 0.1);
  }
}
