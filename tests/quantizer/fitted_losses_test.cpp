// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <cmath>
#include <random>

#include "vitq/sensitivity.h"

using namespace vitq;

namespace {

// A group's loss is its share of either noise times that noise.
struct Shares {
  double weights, activations;

  double loss(const Bits& bits) const {
    return weights * std::pow(4.0, -bits.weights) + activations * std::pow(4.0, -bits.activations);
  }
};

Sensitivities made_of(const std::vector<Shares>& groups, const std::vector<Bits>& choices) {
  Sensitivities found;
  for (const Shares& shares : groups) {
    found.groups.push_back({"", {}, 100, {}});
    for (const Bits& bits : choices) {
      found.groups.back().choices.push_back({bits, 10, shares.loss(bits)});
    }
  }
  for (const Bits& bits : choices) found.uniform.push_back({bits, 10, 1.0});
  return found;
}

double sum_at(const Sensitivities& found, std::size_t choice) {
  double sum = 0.0;
  for (const Sensitivities::Group& group : found.groups) sum += group.choices[choice].loss;
  return sum;
}

const std::vector<Shares> kGroups = {{3.0, 0.5}, {0.1, 7.0}, {20.0, 0.0}, {0.0, 2.0}, {0.0, 0.0}};
const std::vector<Bits> kOneKind = {{3, 8}, {4, 8}, {5, 8}, {6, 8}, {7, 8}, {8, 8}};
const std::vector<Bits> kPairs = {{3, 5}, {3, 8}, {4, 5}, {5, 7}, {6, 6}, {8, 8}};

}  // namespace

TEST_CASE("losses that follow the law stay as they are") {
  for (const std::vector<Bits>& choices : {kOneKind, kPairs}) {
    Sensitivities found = made_of(kGroups, choices);
    fit_losses(found);
    for (std::size_t g = 0; g < kGroups.size(); ++g) {
      for (std::size_t i = 0; i < choices.size(); ++i) {
        CAPTURE(g);
        CAPTURE(i);
        const double loss = kGroups[g].loss(choices[i]);
        CHECK(found.groups[g].choices[i].loss == doctest::Approx(loss).epsilon(1e-6));
      }
    }
  }
}

TEST_CASE("scatter is taken out, and each choice keeps its sum") {
  std::mt19937 random(3);
  std::lognormal_distribution<double> scatter(0.0, 0.3);
  const std::vector<Shares> groups(40, {3.0, 0.5});
  Sensitivities found = made_of(groups, kOneKind);
  for (Sensitivities::Group& group : found.groups) {
    for (BitsLoss& choice : group.choices) choice.loss *= scatter(random);
  }
  const Sensitivities before = found;
  fit_losses(found);
  const auto spread = [](const Sensitivities& of, std::size_t choice) {
    double squares = 0.0;
    for (const Sensitivities::Group& group : of.groups) {
      squares += std::pow(std::log(group.choices[choice].loss), 2.0);
    }
    const double count = static_cast<double>(of.groups.size());
    double mean = 0.0;
    for (const Sensitivities::Group& group : of.groups) {
      mean += std::log(group.choices[choice].loss) / count;
    }
    return std::sqrt(squares / count - mean * mean);
  };
  for (std::size_t i = 0; i < kOneKind.size(); ++i) {
    CAPTURE(i);
    CHECK(sum_at(found, i) == doctest::Approx(sum_at(before, i)));
    CHECK(spread(before, i) > 0.2);
    CHECK(spread(found, i) < 0.8 * spread(before, i));
  }
}

TEST_CASE("modules with as many bits of weights as of activations, one choice, and float") {
  const std::vector<Bits> modules = {{4, 4}, {6, 6}, {8, 8}};
  Sensitivities found = made_of({{3.0, 1.0}, {0.0, 2.0}}, modules);
  for (Sensitivities::Group& group : found.groups) group.choices.push_back({std::nullopt, 40, 0.0});
  found.uniform.push_back({std::nullopt, 40, 0.0});
  fit_losses(found);
  for (std::size_t i = 0; i < modules.size(); ++i) {
    CHECK(found.groups[0].choices[i].loss ==
          doctest::Approx(4.0 * std::pow(4.0, -modules[i].weights)));
    CHECK(found.groups[1].choices[i].loss ==
          doctest::Approx(2.0 * std::pow(4.0, -modules[i].weights)));
  }
  CHECK(found.groups[0].choices[3].loss == 0.0);

  Sensitivities one = made_of({{3.0, 1.0}, {1.0, 2.0}}, {{4, 8}});
  const double loss = one.groups[0].choices[0].loss;
  fit_losses(one);
  CHECK(one.groups[0].choices[0].loss == doctest::Approx(loss));
}

TEST_CASE("losses of any size are numbers afterwards, none below 0") {
  for (const double size : {0.0, 1e-300, 1e-30, 1.0, 1e30}) {
    CAPTURE(size);
    Sensitivities found = made_of(kGroups, kPairs);
    for (std::size_t g = 0; g < kGroups.size(); ++g) {
      for (std::size_t i = 0; i < kPairs.size(); ++i) {
        found.groups[g].choices[i].loss = (g + i) % 2 == 0 ? size : 1e-3;
      }
    }
    fit_losses(found);
    for (const Sensitivities::Group& group : found.groups) {
      for (const BitsLoss& choice : group.choices) {
        CHECK(std::isfinite(choice.loss));
        CHECK(choice.loss >= 0.0);
      }
    }
  }
}
