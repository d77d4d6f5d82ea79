// SPDX-License-Identifier: Apache-2.0
// Nearest neighbours, their vote, and the comparison of features, by values worked out by hand.
#include <doctest/doctest.h>

#include <cmath>
#include <random>

#include "vitq/compare_features.h"

using namespace vitq;

namespace {

FeatureRows rows_of(std::size_t width, std::vector<float> values,
                    std::vector<std::int64_t> labels) {
  return {.width = width, .values = std::move(values), .labels = std::move(labels)};
}

FeatureRows random_rows(std::size_t count, std::size_t width) {
  std::mt19937 random(11);
  std::vector<float> values(count * width);
  for (float& v : values) v = static_cast<float>(random() % 2001) / 1000.0F - 1.0F;
  std::vector<std::int64_t> labels(count);
  for (std::size_t i = 0; i < count; ++i) labels[i] = static_cast<std::int64_t>(i % 3);
  return rows_of(width, std::move(values), std::move(labels));
}

}  // namespace

TEST_CASE("the cosine does not depend on lengths, and of nothing it is 0") {
  const std::vector<float> a = {3.0F, 0.0F};
  const std::vector<float> b = {2.0F, 2.0F};
  const std::vector<float> nothing = {0.0F, 0.0F};
  CHECK(cosine(a, b) == doctest::Approx(std::sqrt(0.5)));
  CHECK(cosine(a, a) == doctest::Approx(1.0));
  CHECK(cosine(a, nothing) == 0.0);
}

TEST_CASE("neighbours are the other rows by falling cosine and then rising row") {
  const FeatureRows rows =
      rows_of(2, {1.0F, 0.0F, 0.0F, 9.0F, 2.0F, 2.0F, 1.0F, -1.0F, -5.0F, 0.0F}, {0, 0, 0, 0, 0});
  const auto found = nearest_neighbours(rows, 3);
  REQUIRE(found.size() == 5);
  CHECK(found[0][0].row == 2);  // of rows 2 and 3, both at 45 degrees, the first
  CHECK(found[0][1].row == 3);
  CHECK(found[0][2].row == 1);
  CHECK(found[0][1].cosine == doctest::Approx(std::sqrt(0.5)));
  CHECK(found[1][0].row == 2);
  CHECK(nearest_neighbours(rows, 99)[0].size() == 4);
  CHECK(nearest_neighbours(rows_of(2, {1.0F, 0.0F}, {0}), 1)[0].empty());
}

TEST_CASE("neighbours are the same for any number of threads") {
  const FeatureRows rows = random_rows(150, 5);  // more than two blocks
  const auto one = nearest_neighbours(rows, 7, 1);
  const auto three = nearest_neighbours(rows, 7, 3);
  for (std::size_t i = 0; i < rows.count(); ++i) {
    for (std::size_t j = 0; j < 7; ++j) {
      CHECK(one[i][j].row == three[i][j].row);
      CHECK(one[i][j].cosine == three[i][j].cosine);
      CHECK(one[i][j].cosine == doctest::Approx(cosine(rows.row(i), rows.row(one[i][j].row))));
      CHECK(one[i][j].row != i);
    }
  }
}

TEST_CASE("a near neighbour outvotes two far ones, and equal votes go to the first class") {
  const std::vector<std::int64_t> labels = {4, 7, 7, 2};
  // exp(0.9 / 0.07) against 2 exp(0.8 / 0.07), and then against 2 exp(0.88 / 0.07).
  const std::vector<Neighbour> near = {{0, 0.9}, {1, 0.8}, {2, 0.8}};
  const std::vector<Neighbour> even = {{0, 0.9}, {1, 0.88}, {2, 0.88}};
  const std::vector<Neighbour> equal = {{0, 0.9}, {3, 0.9}};
  CHECK(voted_class(near, labels) == 4);
  CHECK(voted_class(even, labels) == 7);
  CHECK(voted_class(equal, labels) == 2);
  CHECK(voted_class({}, labels) == kNoLabel);
}

TEST_CASE("an image is right if the others of its class are nearer than those of another") {
  // Two classes of two along two axes, and one image that lies with the other class.
  const FeatureRows rows =
      rows_of(2, {1.0F, 0.1F, 1.0F, 0.0F, 0.0F, 1.0F, 0.1F, 1.0F, 1.0F, 0.05F}, {5, 5, 9, 9, 9});
  CHECK(right_by_neighbours(rows, 1) == 2);  // the stray is the nearest of both of class 5
  CHECK(right_by_neighbours(rows, 2) == 2);
  FeatureRows unknown = rows;
  unknown.labels[2] = kNoLabel;
  CHECK(right_by_neighbours(unknown, 1) == 0);
}

TEST_CASE("features are compared by energies, cosines and the images that lie nearest") {
  const FeatureRows reference =
      rows_of(2, {1.0F, 0.0F, 1.0F, 0.2F, 0.0F, 2.0F, 0.3F, 2.0F}, {-1, -1, -1, -1});
  FeatureRows found = reference;
  CHECK(*compare_features(reference, found).same_neighbour == 4);
  found.values[2] = 0.1F;  // the second turns towards the third
  const FeatureComparison sums = compare_features(reference, found);
  CHECK(sums.reference_energy == doctest::Approx(1.0 + 1.04 + 4.0 + 4.09));
  CHECK(sums.error_energy == doctest::Approx(0.81));
  REQUIRE(sums.cosines.size() == 4);
  CHECK(sums.cosines[0] == doctest::Approx(1.0));
  CHECK(sums.cosines[1] == doctest::Approx((0.1 + 0.04) / std::sqrt(1.04 * 0.05)));
  CHECK(*sums.same_neighbour == 3);
  CHECK(!compare_features(rows_of(1, {1.0F}, {0}), rows_of(1, {1.0F}, {0})).same_neighbour);
}
