// SPDX-License-Identifier: Apache-2.0
// The figures by which two networks' answers are compared, against values worked out by hand.
#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <span>

#include "vitq/compare_models.h"

using namespace vitq;

TEST_CASE("McNemar's p is the exact two-sided binomial one") {
  CHECK(mcnemar_p(0, 0) == 1.0);
  CHECK(mcnemar_p(1, 0) == 1.0);
  CHECK(mcnemar_p(3, 3) == 1.0);
  CHECK(mcnemar_p(5, 0) == doctest::Approx(2.0 / 32.0));
  CHECK(mcnemar_p(1, 5) == doctest::Approx(2.0 * (1.0 + 6.0) / 64.0));
  CHECK(mcnemar_p(5, 1) == mcnemar_p(1, 5));
  CHECK(mcnemar_p(2, 8) == doctest::Approx(2.0 * (1.0 + 10.0 + 45.0) / 1024.0));
  CHECK(mcnemar_p(700, 500) < 1e-7);
  CHECK(mcnemar_p(100'000, 100'000) == 1.0);
}

TEST_CASE("the divergence is that of two distributions, whatever is added to the logits") {
  const std::array<float, 2> even = {0.0F, 0.0F};
  const std::array<float, 2> three_to_one = {std::log(3.0F), 0.0F};
  const double expected = 0.5 * std::log(0.5 / 0.75) + 0.5 * std::log(0.5 / 0.25);
  const auto of_softmax = [](std::span<const float> reference, std::span<const float> logits) {
    return divergence(reference, logits, Scores::kSoftmax);
  };
  CHECK(of_softmax(even, three_to_one) == doctest::Approx(expected).epsilon(1e-6));
  const std::array<float, 2> high = {1000.0F, 1000.0F};
  CHECK(of_softmax(high, three_to_one) == doctest::Approx(expected).epsilon(1e-6));
  CHECK(of_softmax(three_to_one, three_to_one) == 0.0);
  CHECK(of_softmax(three_to_one, even) != doctest::Approx(expected).epsilon(1e-3));
}

TEST_CASE("the divergence of classes each for itself is the sum of theirs") {
  const std::array<float, 2> even = {0.0F, 0.0F};
  const std::array<float, 2> logits = {std::log(3.0F), -std::log(3.0F)};  // 3/4 and 1/4
  const double of_one = 0.5 * std::log(0.5 / 0.75) + 0.5 * std::log(0.5 / 0.25);
  CHECK(divergence(even, logits, Scores::kSigmoid) == doctest::Approx(2.0 * of_one).epsilon(1e-6));
  CHECK(divergence(logits, logits, Scores::kSigmoid) == 0.0);
  const std::array<float, 2> far = {1000.0F, -1000.0F};
  CHECK(divergence(far, far, Scores::kSigmoid) == 0.0);
  CHECK(divergence(far, even, Scores::kSigmoid) == doctest::Approx(2.0 * std::log(2.0)));
}

TEST_CASE("decibels are ten times the logarithm of the energies' ratio, where there is one") {
  CHECK(decibels(1000.0, 1.0).value() == doctest::Approx(30.0));
  CHECK(decibels(1.0, 2.0).value() == doctest::Approx(-3.0103).epsilon(1e-4));
  CHECK(!decibels(1.0, 0.0));
  CHECK(!decibels(0.0, 1.0));
}

TEST_CASE("a comparison counts what was lost and won, and sums energies over all images") {
  Comparison sums;
  const std::array<float, 3> reference = {3.0F, 1.0F, 0.0F};
  const std::array<float, 3> same = {2.0F, 1.0F, 0.0F};
  const std::array<float, 3> other = {3.0F, 4.0F, 0.0F};
  sums.add(reference, same, 0);
  CHECK(sums.agreeing == 1);
  CHECK(sums.lost == 0);
  sums.add(reference, other, 0);
  CHECK(sums.lost == 1);
  sums.add(reference, other, 1);
  CHECK(sums.won == 1);
  sums.add(reference, other, 2);
  sums.add(reference, other, -1);
  CHECK(sums.lost == 1);
  CHECK(sums.won == 1);
  CHECK(sums.images == 5);
  CHECK(sums.agreeing == 1);
  CHECK(sums.reference_energy == 50.0);
  CHECK(sums.error_energy == 1.0 + 4.0 * 9.0);
}

TEST_CASE("of equal logits the first is the answer") {
  const std::array<float, 3> values = {1.0F, 2.0F, 2.0F};
  CHECK(argmax(values) == 1);
}
