// SPDX-License-Identifier: Apache-2.0
// Statistics against sums written out, and what is independent of the number of threads.
#include <doctest/doctest.h>

#include <algorithm>

#include "quantizer/support.h"

using namespace vitq;
using namespace vitq::test;

namespace {

LayerDraft small_layer() {
  return draft_of(random_matrix(3, 4, 1), 8);
}

struct Sums {
  std::vector<double> mean;
  Matrix gram;
};

// Over all rows of all images, rows r < output weighing `weight`.
Sums weighted(const LayerDraft& layer, const LayerSource& source) {
  std::vector<double> mean(4, 0.0);
  double total = 0.0;
  const auto visit = [&](const auto& add) {
    for (std::int64_t image = 0; image < source.images(); ++image) {
      const Matrix u = dequantized_inputs(layer, source.inputs(image), source.output);
      for (std::int64_t r = 0; r < u.rows; ++r) {
        add(u.row(r), r < source.output.end ? static_cast<double>(source.output_weight) : 1.0);
      }
    }
  };
  visit([&](std::span<const float> row, double weight) {
    total += weight;
    for (std::size_t c = 0; c < 4; ++c) mean[c] += weight * static_cast<double>(row[c]);
  });
  for (double& m : mean) m /= total;
  std::vector<double> gram(16, 0.0);
  visit([&](std::span<const float> row, double weight) {
    for (std::size_t i = 0; i < 16; ++i) {
      gram[i] += weight * (static_cast<double>(row[i / 4]) - mean[i / 4]) *
                 (static_cast<double>(row[i % 4]) - mean[i % 4]);
    }
  });
  Sums sums = {mean, Matrix(4, 4)};
  for (std::size_t i = 0; i < 16; ++i) sums.gram.values[i] = static_cast<float>(gram[i] / total);
  return sums;
}

}  // namespace

TEST_CASE("moments are the weighted means of what the codes stand for") {
  const LayerDraft layer = small_layer();
  LayerSource source = source_of(layer, correlated_images(7, 5, 4), 1);
  source.output_weight = 9.0F;
  LayerData data(source, 1);
  const Moments& moments = data.moments(layer);
  const Sums expected = weighted(layer, source);
  for (std::size_t c = 0; c < 4; ++c) {
    CHECK(moments.input_mean[c] == doctest::Approx(expected.mean[c]).epsilon(1e-5));
  }
  for (std::size_t i = 0; i < 16; ++i) {
    CHECK(moments.gram.values[i] ==
          doctest::Approx(static_cast<double>(expected.gram.values[i])).epsilon(1e-4));
  }
  CHECK(moments.others == 28);
}

TEST_CASE("products with the targets are W times the Gram matrix if inputs are all but exact") {
  LayerDraft layer = small_layer();
  layer.target = Target::kFloatStream;
  LayerData data(source_of(layer, correlated_images(5, 40, 4)), 1);
  const Moments& moments = data.moments(layer, Cross::kYes);
  for (std::int64_t o = 0; o < 3; ++o) {
    for (std::size_t c = 0; c < 4; ++c) {
      double expected = 0.0;
      for (std::int64_t i = 0; i < 4; ++i) {
        expected += static_cast<double>(layer.weight.row(o)[static_cast<std::size_t>(i)]) *
                    static_cast<double>(moments.gram.row(i)[c]);
      }
      CHECK(moments.cross.row(o)[c] == doctest::Approx(expected).epsilon(0.02));
    }
  }
}

TEST_CASE("statistics do not depend on the number of threads") {
  const LayerDraft layer = small_layer();
  const LayerSource source = source_of(layer, correlated_images(9, 6, 4), 2);
  LayerData one(source, 1);
  LayerData three(source, 3);
  CHECK(one.moments(layer, Cross::kYes).gram == three.moments(layer, Cross::kYes).gram);
  CHECK(one.moments(layer, Cross::kYes).cross == three.moments(layer, Cross::kYes).cross);
  CHECK(one.sample(layer).x == three.sample(layer).x);
  CHECK(one.channels().deviation == three.channels().deviation);
}

TEST_CASE("moments follow the draft they were asked for") {
  LayerDraft layer = small_layer();
  LayerData data(source_of(layer, correlated_images(3, 20, 4)), 1);
  const float before = data.moments(layer).gram.values[0];
  set_smoothing(layer, {2.0F, 1.0F, 1.0F, 1.0F}, {});
  CHECK(data.moments(layer).gram.values[0] ==
        doctest::Approx(static_cast<double>(before / 4.0F)).epsilon(0.02));
}

TEST_CASE("kept rows are all output tokens, then others, and weigh what they stand for") {
  const LayerDraft layer = small_layer();
  LayerSource source = source_of(layer, correlated_images(4, 50, 4), 1);
  source.output_weight = 10.0F;
  LayerData data(source, 1, 24);
  const LayerSample& rows = data.sample(layer);
  CHECK(rows.output_tokens == 4);
  REQUIRE(rows.x.rows == 24);
  for (std::size_t r = 0; r < 4; ++r) CHECK(rows.place[r] == 0);
  for (std::size_t r = 4; r < 24; ++r) CHECK(rows.place[r] > 0);
  // 4 output tokens of weight 10, and 196 others that 20 rows stand for.
  CHECK(rows.weight[0] / rows.weight[4] == doctest::Approx(10.0 / 9.8));
  CHECK(rows.target == float_outputs(layer, rows.x));
}

TEST_CASE("images of more rows are kept more rows of, and count by their rows") {
  const LayerDraft layer = small_layer();
  std::vector<Matrix> images = correlated_images(2, 30, 4);
  images.push_back(correlated_rows(90, 4, 7));
  LayerSource source = source_of(layer, images);
  LayerData data(source, 2, 50);
  const LayerSample& rows = data.sample(layer);
  REQUIRE(rows.x.rows == 50);
  CHECK(std::ranges::count(rows.image, 0) == 10);
  CHECK(std::ranges::count(rows.image, 1) == 10);
  CHECK(std::ranges::count(rows.image, 2) == 30);
  CHECK(rows.weight == std::vector<float>(50, 1.0F));
  for (std::int64_t r = 0; r < 50; ++r) {
    const auto at = static_cast<std::size_t>(r);
    const auto from = images[static_cast<std::size_t>(rows.image[at])].row(rows.place[at]);
    CHECK(std::ranges::equal(rows.x.row(r), from));
  }
  CHECK(data.moments(layer).rows == 150);
  const Sums expected = weighted(layer, source);
  double mean = 0.0;
  for (const Matrix& image : images) {
    for (std::int64_t r = 0; r < image.rows; ++r)
      mean += static_cast<double>(image.row(r)[2]) / 150;
  }
  CHECK(data.channels().mean[2] == doctest::Approx(mean).epsilon(1e-5));
  for (std::size_t i = 0; i < 16; ++i) {
    CHECK(data.moments(layer).gram.values[i] ==
          doctest::Approx(static_cast<double>(expected.gram.values[i])).epsilon(1e-4));
  }
}

TEST_CASE("fewer rows keep the output tokens and the balance") {
  const LayerDraft layer = small_layer();
  LayerData data(source_of(layer, correlated_images(4, 50, 4), 1), 1, 44);
  const LayerSample rows = data.sample(layer, 14);
  CHECK(rows.output_tokens == 4);
  CHECK(rows.x.rows == 14);
  double output_tokens = 0.0;
  double all = 0.0;
  for (std::size_t r = 0; r < rows.weight.size(); ++r) {
    all += static_cast<double>(rows.weight[r]);
    if (r < 4) output_tokens += static_cast<double>(rows.weight[r]);
  }
  CHECK(all == doctest::Approx(14.0));
  CHECK(output_tokens / all == doctest::Approx(4.0 / 200.0).epsilon(1e-3));
}

TEST_CASE("channels have their range, mean and deviation over all rows") {
  const LayerDraft layer = draft_of(Matrix(1, 1), 8);
  Matrix a(2, 1);
  a.values = {1.0F, 3.0F};
  Matrix b(2, 1);
  b.values = {-5.0F, 5.0F};
  LayerData data(source_of(layer, {a, b}), 2);
  const Channels& channels = data.channels();
  CHECK(channels.min[0] == -5.0F);
  CHECK(channels.max[0] == 5.0F);
  CHECK(channels.mean[0] == 1.0F);
  CHECK(channels.deviation[0] == doctest::Approx(std::sqrt(14.0)));
}
