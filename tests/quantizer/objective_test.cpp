// SPDX-License-Identifier: Apache-2.0
#include "methods/correlation/objective.h"

#include <doctest/doctest.h>

#include <cmath>
#include <set>
#include <utility>
#include <vector>

#include "base/random.h"

using namespace vitq;

namespace {

using Floats = std::vector<float>;

constexpr double kExact = 1e-12;

Floats noise(std::size_t n, std::uint64_t seed) {
  Random random(seed);
  Floats values;
  for (std::size_t i = 0; i < n; ++i) {
    values.push_back(static_cast<float>(random.below(2001) - 1000) / 500.0F);
  }
  return values;
}

Floats affine(const Floats& x, float factor, float offset) {
  Floats y;
  for (const float v : x) y.push_back(factor * v + offset);
  return y;
}

bool near(double a, double b, double tolerance = kExact) {
  return std::fabs(a - b) <= tolerance;
}

}  // namespace

TEST_CASE("the correlation of small maps is what one gets by hand") {
  // Deviations (-1.5, -0.5, 0.5, 1.5) and (-1.5, 0.5, -0.5, 1.5): 4 / sqrt(5 * 5).
  CHECK(near(pearson(Floats{1, 2, 3, 4}, Floats{1, 3, 2, 4}), 0.8));
  CHECK(near(pearson(Floats{1, 2, 3}, Floats{3, 2, 1}), -1.0));
  // Deviations (-2, -1, 0, 1, 2) and (4, 1, -2, -3, 0) - 0: -8 - 1 + 0 - 3 + 0 over sqrt(10 * 30).
  CHECK(near(pearson(Floats{0, 1, 2, 3, 4}, Floats{4, 1, -2, -3, 0}), -12.0 / std::sqrt(300.0)));
}

TEST_CASE("the correlation ignores an offset and a positive factor, and a negative one turns it") {
  const Floats x = noise(1001, 1);
  const Floats y = noise(1001, 2);
  const double r = pearson(x, y);
  CHECK(std::fabs(r) < 0.2);
  CHECK(near(pearson(y, x), r));
  CHECK(near(pearson(x, affine(y, 4.0F, 2.0F)), r, 1e-6));
  CHECK(near(pearson(affine(x, 0.25F, -8.0F), y), r, 1e-6));
  CHECK(near(pearson(x, affine(y, -2.0F, 0.0F)), -r));
  CHECK(near(pearson(x, affine(x, 2.0F, 0.0F)), 1.0));
}

TEST_CASE("a large mean does not hide the correlation") {
  const Floats x = noise(512, 3);
  CHECK(near(pearson(x, affine(x, 0.125F, 1024.0F)), 1.0, 1e-6));
}

TEST_CASE("a constant map is correlated with nothing") {
  CHECK(pearson(Floats{2, 2, 2}, Floats{1, 2, 3}) == 0.0);
  CHECK(pearson(Floats{1, 2, 3}, Floats{0, 0, 0}) == 0.0);
  CHECK(pearson(Floats{}, Floats{}) == 0.0);
}

TEST_CASE("the correlation of several images is the mean of theirs, each with its own mean") {
  // Image 0: rows (1, 2) and (3, 4) against (1, 3) and (2, 4); image 2: the other two; no image 1.
  const Floats wanted = {101, 102, 1, 2, 103, 104, 3, 4};
  const Floats got = {4, 3, 1, 3, 2, 1, 2, 4};
  const std::vector<std::int32_t> image = {2, 0, 2, 0};
  CHECK(near(mean_pearson(wanted, got, {image}), (0.8 - 1.0) / 2.0));
  const std::vector<std::int32_t> one = {0, 0, 0, 0};
  CHECK(near(mean_pearson(wanted, got, {one}), pearson(wanted, got)));
  CHECK(mean_pearson({}, {}, {}) == 0.0);
}

TEST_CASE("a row of weight two counts like two rows") {
  const Floats wanted = {1, 2, 5, 3};
  const Floats got = {2, 2, 4, 9};
  const std::vector<std::int32_t> image = {0, 0};
  const std::vector<float> weight = {2, 1};
  const Floats wanted_twice = {1, 2, 1, 2, 5, 3};
  const Floats got_twice = {2, 2, 2, 2, 4, 9};
  CHECK(near(mean_pearson(wanted, got, {image, weight}), pearson(wanted_twice, got_twice)));
}

TEST_CASE("sampled pairs are ordered, repeatable and reach every pair of columns") {
  const std::vector<ColumnPair> pairs = sample_pairs(20, 180, 7);
  REQUIRE(pairs.size() == 180);
  const std::vector<ColumnPair> many = sample_pairs(30, 434, 7);
  REQUIRE(many.size() == 434);
  std::set<std::int32_t> seen;
  for (const auto& [i, j] : many) {
    CHECK(i < j);
    seen.insert({i, j});
  }
  CHECK(seen.size() == 30);
  CHECK(*seen.begin() == 0);
  CHECK(*seen.rbegin() == 29);
  const std::vector<ColumnPair> again = sample_pairs(30, 434, 7);
  const std::vector<ColumnPair> other = sample_pairs(30, 434, 8);
  std::size_t same = 0;
  for (std::size_t p = 0; p < many.size(); ++p) {
    CHECK((many[p].i == again[p].i && many[p].j == again[p].j));
    if (many[p].i == other[p].i && many[p].j == other[p].j) ++same;
  }
  CHECK(same < 20);
}

TEST_CASE("where there are few columns, every pair is taken once") {
  const std::vector<ColumnPair> pairs = sample_pairs(5, 10, 1);
  std::set<std::pair<std::int32_t, std::int32_t>> seen;
  for (const auto& [i, j] : pairs) seen.insert({i, j});
  CHECK(pairs.size() == 10);
  CHECK(seen.size() == 10);
  CHECK(sample_pairs(1, 10, 1).empty());
  CHECK(sample_pairs(0, 10, 1).empty());
}

TEST_CASE("the ranking loss of a row is what one gets by hand") {
  const Ranking ranking = {.columns = 3, .theta = 0.2, .pairs = sample_pairs(3, 3, 0)};
  // Orders (0 < 1), (0 < 2), (1 < 2). Gaps of the second row: 1 - 0.5 = 0.5, 0.1, -0.4.
  const Floats wanted = {0, 1, 2};
  const Floats got = {0.5F, 1.0F, 0.6F};
  CHECK(near(ranking_loss(wanted, got, ranking), (0.0 + 0.1 + 0.6) / 3.0, 1e-7));
  // The float map itself: a gap of 0.05 lacks 0.15.
  CHECK(near(ranking_loss(Floats{0, 1, 1.05F}, Floats{0, 1, 1.05F}, ranking), 0.15 / 3.0, 1e-7));
  // Equal wanted logits have no order: theta, whatever comes out.
  CHECK(near(ranking_loss(Floats{1, 1, 1}, Floats{5, 9, 7}, ranking), 0.2));
}

TEST_CASE("the ranking loss is zero for equal orders with gaps above theta, and only there") {
  const Ranking ranking = {.columns = 4, .theta = 0.2, .pairs = sample_pairs(4, 6, 0)};
  const Floats wanted = {0.3F, -2, 7, 1, 4, 3, 2, 1};
  const Floats got = {0.5F, 0.25F, 9, 0.75F, 1.0F, 0.75F, 0.5F, 0.25F};
  CHECK(ranking_loss(wanted, got, ranking) == 0.0);
  CHECK(ranking_loss(wanted, affine(got, -1.0F, 0.0F), ranking) > 0.4);
  CHECK(ranking_loss(wanted, affine(got, 0.5F, 0.0F), ranking) > 0.0);
  // A row that holds turns the mean by its share.
  const Floats half = {0.5F, 0.25F, 9, 0.75F, 0, 0, 0, 0};
  CHECK(near(ranking_loss(wanted, half, ranking), 0.1));
}

TEST_CASE("without pairs there is nothing to lose") {
  CHECK(ranking_loss(Floats{1, 2}, Floats{2, 1}, {.columns = 1}) == 0.0);
  CHECK(ranking_loss(Floats{}, Floats{}, {}) == 0.0);
}
