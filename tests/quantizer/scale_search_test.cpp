// SPDX-License-Identifier: Apache-2.0
#include "methods/correlation/scale_search.h"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "base/random.h"

using namespace vitq;

namespace {

double wide(float x) {
  return static_cast<double>(x);
}

bool near(float a, double b) {
  return std::fabs(wide(a) - b) < 1e-6;
}

}  // namespace

TEST_CASE("candidates lie evenly from low to high times the start, first scale first") {
  std::vector<Scales> asked;
  const ScaleObjective flat = {.score = [&](Scales s) {
    asked.push_back(s);
    return 0.0;
  }};
  const Found found = search_scales({2.0F, 10.0F}, {.candidates = 8, .rounds = 3}, flat);
  REQUIRE(asked.size() == 17);
  CHECK(asked[0] == Scales{2.0F, 10.0F});
  for (int i = 0; i < 8; ++i) {
    CHECK(near(asked[static_cast<std::size_t>(1 + i)].first, 2.0 * (0.5 + 0.1 * i)));
    CHECK(near(asked[static_cast<std::size_t>(9 + i)].second, 10.0 * (0.5 + 0.1 * i)));
  }
  CHECK(found.scales == Scales{2.0F, 10.0F});
  CHECK(found.rounds == 0);
}

TEST_CASE("the search finds the best candidates of a separable objective") {
  const ScaleObjective peak = {.score = [](Scales s) {
    return -std::pow(wide(s.first) - 0.7, 2.0) - std::pow(wide(s.second) - 1.1, 2.0);
  }};
  const Found found = search_scales({1.0F, 1.0F}, {.candidates = 8, .rounds = 20}, peak);
  CHECK(near(found.scales.first, 0.7));
  CHECK(near(found.scales.second, 1.1));
  CHECK(std::fabs(found.score) < 1e-9);
  CHECK(found.start_score == doctest::Approx(-0.1));
  CHECK(found.rounds == 1);
}

TEST_CASE("scales that depend on each other take several rounds, but no more than allowed") {
  // A ridge along first * second = 1/2: each round moves a step along it.
  const ScaleObjective ridge = {.score = [](Scales s) {
    const double product = wide(s.first) * wide(s.second);
    return -20.0 * std::pow(product - 0.5, 2.0) - std::pow(wide(s.first) - 0.7, 2.0);
  }};
  const Found one = search_scales({1.0F, 1.0F}, {.candidates = 71, .rounds = 1}, ridge);
  const Found many = search_scales({1.0F, 1.0F}, {.candidates = 71, .rounds = 20}, ridge);
  CHECK(one.rounds == 1);
  CHECK(many.rounds > 2);
  CHECK(many.rounds <= 20);
  CHECK(many.score > one.score);
  CHECK(one.score > one.start_score);
}

TEST_CASE("correction is called after every round, and its scores count") {
  std::vector<Scales> corrected;
  double bonus = 0.0;
  const ScaleObjective objective = {
      .score = [&](Scales s) { return bonus - std::fabs(wide(s.first) - 0.6); },
      .correct =
          [&](Scales s) {
            corrected.push_back(s);
            bonus = corrected.size() < 3 ? bonus + 1.0 : bonus;
          }};
  const Found found = search_scales({1.0F, 1.0F}, {.candidates = 8, .rounds = 9}, objective);
  CHECK(corrected.size() == 3);
  CHECK(near(found.scales.first, 0.6));
  CHECK(found.rounds == 2);
  CHECK(found.score == doctest::Approx(2.0));
}

TEST_CASE("a correction that spoils the score is not taken") {
  double penalty = 0.0;
  const ScaleObjective objective = {
      .score = [&](Scales s) { return -penalty - std::fabs(wide(s.first) - 0.5); },
      .correct = [&](Scales) { penalty = 9.0; }};
  const Found found = search_scales({1.0F, 1.0F}, {.candidates = 8, .rounds = 9}, objective);
  CHECK(found.scales == Scales{1.0F, 1.0F});
  CHECK(found.score == found.start_score);
}

TEST_CASE("the search never ends worse than it began") {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const auto rugged = [seed](Scales s) {
      Random random(seed + static_cast<std::uint64_t>(std::lround(wide(s.first) * 1e6)) * 7919 +
                    static_cast<std::uint64_t>(std::lround(wide(s.second) * 1e6)));
      return static_cast<double>(random.below(1000));
    };
    const Found found =
        search_scales({1.0F, 2.0F}, {.candidates = 3, .rounds = 4}, {.score = rugged});
    CHECK(found.score >= found.start_score);
    CHECK(found.score == rugged(found.scales));
  }
}

TEST_CASE("no rounds, or one candidate, leave little to choose") {
  const ScaleObjective small = {.score = [](Scales s) { return -wide(s.first); }};
  CHECK(search_scales({1.0F, 1.0F}, {.rounds = 0}, small).scales == Scales{1.0F, 1.0F});
  const Found one = search_scales({1.0F, 1.0F}, {.candidates = 1, .high = 0.8}, small);
  CHECK(near(one.scales.first, 0.8));
}
