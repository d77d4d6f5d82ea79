// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "layer/attention_map.h"
#include "layer/symmetric.h"
#include "methods/correlation/attention_rows.h"
#include "methods/correlation/search.h"
#include "quantizer/samples.h"
#include "support/oracle.h"

using namespace vitq;
using oracle::wide;
using test::noise;

namespace {

// y = x w^T + b, in double.
oracle::Doubles linear(const Matrix& x, const Matrix& w, const std::vector<float>& bias) {
  oracle::Doubles y;
  for (std::int64_t r = 0; r < x.rows; ++r) {
    for (std::int64_t o = 0; o < w.rows; ++o) {
      double sum = bias.empty() ? 0.0 : wide(bias[static_cast<std::size_t>(o)]);
      for (std::size_t c = 0; c < w.row(o).size(); ++c)
        sum += wide(x.row(r)[c]) * wide(w.row(o)[c]);
      y.push_back(sum);
    }
  }
  return y;
}

// What the codes of m stand for.
Matrix rounded(const Matrix& m, float scale, CodeRange codes) {
  Matrix result = m;
  for (float& v : result.values) {
    const double code = std::nearbyint(wide(v) / wide(scale));
    v = static_cast<float>(wide(scale) * std::clamp(code, 1.0 * codes.min, 1.0 * codes.max));
  }
  return result;
}

double correlation(const oracle::Doubles& a, const oracle::Doubles& b) {
  const auto n = static_cast<double>(a.size());
  const double mean_a = oracle::sum(a) / n;
  const double mean_b = oracle::sum(b) / n;
  double aa = 0.0;
  double bb = 0.0;
  double ab = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    aa += (a[i] - mean_a) * (a[i] - mean_a);
    bb += (b[i] - mean_b) * (b[i] - mean_b);
    ab += (a[i] - mean_a) * (b[i] - mean_b);
  }
  return ab / std::sqrt(aa * bb);
}

// 60 rows of 24 inputs, 10 outputs, two images; with an outlier in the weights.
struct LinearCase {
  LayerDraft layer;
  LayerSample rows;

  explicit LinearCase(int bits, std::uint64_t seed = 1) {
    layer.weight = noise(10, 24, seed);
    layer.weight.values[5] = 9.0F;
    layer.bias = noise(1, 10, seed + 1).values;
    layer.weight_bits = layer.activation_bits = bits;
    rows.x = noise(60, 24, seed + 2);
    rows.target = Matrix(60, 10);
    const oracle::Doubles y = linear(rows.x, layer.weight, layer.bias);
    std::ranges::transform(y, rows.target.values.begin(),
                           [](double v) { return static_cast<float>(v); });
    for (int r = 0; r < 60; ++r) rows.image.push_back(r % 2);
    rows.weight.assign(60, 1.0F);
  }
  Found search(const CorrelationSettings& settings) const {
    return search_linear(layer, rows, largest_magnitude(rows.x.values), settings);
  }
};

// Two images of different sizes, two heads, dimension 8: 5 queries and 12 keys, then 7 and 9.
AttentionRows attention_case(std::uint64_t seed) {
  AttentionRows rows;
  rows.scale = 0.35F;
  for (std::uint64_t i = 0; i < 4; ++i) {
    const std::int64_t keys = i < 2 ? 12 : 9;
    rows.query.push_back(noise(i < 2 ? 5 : 7, 8, seed + 3 * i));
    rows.key.push_back(noise(keys, 8, seed + 3 * i + 1));
    rows.value.push_back(noise(8, keys, seed + 3 * i + 2));
    rows.image.push_back(static_cast<std::int32_t>(i / 2));
  }
  rows.query_max = rows.key_max = rows.value_max = 2.0F;
  return rows;
}

}  // namespace

TEST_CASE("the score of a linear layer is the correlation that its definition gives") {
  LinearCase c(5);
  std::ranges::fill(c.rows.image, 0);
  const LinearSearch search(c.layer, c.rows);
  const Scales scales = {0.3137F, 0.1173F};
  const Matrix w = rounded(c.layer.weight, scales.first, {-15, 15});
  const Matrix x = rounded(c.rows.x, scales.second, {-16, 15});
  const double wanted =
      correlation(linear(c.rows.x, c.layer.weight, c.layer.bias), linear(x, w, c.layer.bias));
  CHECK(std::fabs(search.score(scales) - wanted) < 1e-6);
}

TEST_CASE("the correction of a bias leaves no mean error, as rows are weighted") {
  LinearCase c(4);
  for (std::size_t r = 0; r < 60; ++r) c.rows.weight[r] = r < 20 ? 2.0F : 0.5F;
  LinearSearch search(c.layer, c.rows);
  const Scales scales = {0.5137F, 0.2173F};
  const double before = search.score(scales);
  search.correct(scales);
  CHECK(search.score(scales) > before);
  const oracle::Doubles y = linear(rounded(c.rows.x, scales.second, {-8, 7}),
                                   rounded(c.layer.weight, scales.first, {-7, 7}), search.bias());
  for (std::size_t o = 0; o < 10; ++o) {
    double error = 0.0;
    for (std::size_t r = 0; r < 60; ++r) {
      error += wide(c.rows.weight[r]) * (y[r * 10 + o] - wide(c.rows.target.values[r * 10 + o]));
    }
    CHECK(std::fabs(error) < 1e-3);
  }
}

TEST_CASE("the search of a linear layer never ends worse than it began") {
  for (std::uint64_t seed = 1; seed < 6; ++seed) {
    for (const int bits : {3, 4, 8}) {
      const LinearCase c(bits, 10 * seed);
      const Found plain = c.search({.bias_correction = false});
      CHECK(plain.score >= plain.start_score);
      const Found corrected = c.search({});
      CHECK(corrected.score >= corrected.start_score);
      CHECK(corrected.score >= plain.start_score);
    }
  }
}

TEST_CASE("with few bits the search clips an outlier; switched off, it keeps the largest value") {
  const LinearCase c(4);
  const float max = 9.0F / 7.0F;
  CHECK(c.search({}).scales.first < 0.9F * max);
  const Found off = c.search({.similarity = false});
  CHECK(off.scales.first == doctest::Approx(wide(max)));
  CHECK(off.rounds == 0);
}

TEST_CASE("the search of a linear layer does not depend on the number of threads") {
  const LinearCase c(4);
  const Found one = c.search({.search = {.threads = 1}});
  const Found three = c.search({.search = {.threads = 3}});
  CHECK(one.scales == three.scales);
  CHECK(one.score == three.score);
}

TEST_CASE("the score of logits is their correlation less the ranking loss") {
  const AttentionRows rows = attention_case(8);
  const CorrelationSettings still = {.search = {.rounds = 0}, .ranking = false};
  CorrelationSettings ranked = still;
  ranked.ranking = true;
  ranked.gamma = 0.5;
  const double plain = search_logits(rows, 4, still).score;
  const double both = search_logits(rows, 4, ranked).score;
  double wanted = 0.0;
  double loss = 0.0;
  double terms = 0.0;
  for (std::size_t image = 0; image < 2; ++image) {
    oracle::Doubles a;
    oracle::Doubles b;
    for (std::size_t i = 2 * image; i < 2 * image + 2; ++i) {
      for (const double v : linear(rows.query[i], rows.key[i], {})) a.push_back(0.35 * v);
      const Matrix q = rounded(rows.query[i], 2.0F / 7.0F, {-8, 7});
      const Matrix k = rounded(rows.key[i], 2.0F / 7.0F, {-7, 7});
      for (const double v : linear(q, k, {})) b.push_back(0.35 * v);
    }
    wanted += correlation(a, b) / 2.0;
    const auto keys = static_cast<std::size_t>(rows.key[2 * image].rows);
    for (std::size_t row = 0; row < a.size(); row += keys) {
      for (std::size_t i = 0; i < keys; ++i) {
        for (std::size_t j = i + 1; j < keys; ++j) {
          const double order = a[row + i] > a[row + j] ? 1.0 : -1.0;
          loss += std::max(0.0, 0.2 - (b[row + i] - b[row + j]) * order);
          terms += 1.0;
        }
      }
    }
  }
  CHECK(std::fabs(plain - wanted) < 1e-6);
  CHECK(std::fabs(plain - both - 0.5 * loss / terms) < 1e-6);
}

TEST_CASE("attentions may be compared as the softmax has them") {
  const AttentionRows rows = attention_case(8);
  const CorrelationSettings still = {
      .search = {.rounds = 0}, .ranking = false, .after_softmax = true};
  const auto add_softmax = [](const oracle::Doubles& logits, std::size_t keys,
                              oracle::Doubles& to) {
    for (std::size_t row = 0; row < logits.size(); row += keys) {
      double sum = 0.0;
      for (std::size_t i = 0; i < keys; ++i) sum += std::exp(0.35 * logits[row + i]);
      for (std::size_t i = 0; i < keys; ++i) to.push_back(std::exp(0.35 * logits[row + i]) / sum);
    }
  };
  double wanted = 0.0;
  for (std::size_t image = 0; image < 2; ++image) {
    oracle::Doubles a;
    oracle::Doubles b;
    for (std::size_t i = 2 * image; i < 2 * image + 2; ++i) {
      const auto keys = static_cast<std::size_t>(rows.key[i].rows);
      add_softmax(linear(rows.query[i], rows.key[i], {}), keys, a);
      const Matrix q = rounded(rows.query[i], 2.0F / 7.0F, {-8, 7});
      const Matrix k = rounded(rows.key[i], 2.0F / 7.0F, {-7, 7});
      add_softmax(linear(q, k, {}), keys, b);
    }
    wanted += correlation(a, b) / 2.0;
  }
  CHECK(std::fabs(search_logits(rows, 4, still).score - wanted) < 1e-6);
}

TEST_CASE("the searches of an attention never end worse than they began") {
  for (std::uint64_t seed = 1; seed < 6; ++seed) {
    const AttentionRows rows = attention_case(100 * seed);
    for (const int bits : {4, 6}) {
      const Found logits = search_logits(rows, bits, {});
      CHECK(logits.score >= logits.start_score);
      const Found output = search_output(rows, bits, {});
      CHECK(output.score >= output.start_score);
      CHECK(output.score > 0.5);
    }
  }
}

TEST_CASE("probabilities are the softmax of the scaled logits") {
  const Matrix q = noise(3, 8, 1);
  const Matrix k = noise(5, 8, 2);
  const Matrix p = attention_map(q, k, 0.35F);
  const oracle::Doubles logits = linear(q, k, {});
  for (std::int64_t r = 0; r < 3; ++r) {
    oracle::Floats row;
    for (std::size_t c = 0; c < 5; ++c) {
      row.push_back(static_cast<float>(logits[static_cast<std::size_t>(5 * r) + c]));
    }
    const oracle::Doubles wanted = oracle::softmax(row, 0.35F);
    for (std::size_t c = 0; c < 5; ++c) CHECK(std::fabs(wide(p.row(r)[c]) - wanted[c]) < 1e-6);
  }
}
