// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "vitq/sensitivity.h"

namespace vitq {
namespace {

// How much noise so many bits of weights and of activations leave: a fourth for each bit.
struct Noise {
  double weights, activations;
};

// A choice of integers that all groups have.
struct Level {
  std::size_t choice;
  Noise noise;
  double mean;  // what a group loses, as measured
};

// Parts of a group's loss: noise of weights and of activations times these, neither below 0.
struct Parts {
  double weights = 0.0;
  double activations = 0.0;

  double loss(const Noise& noise) const {
    return weights * noise.weights + activations * noise.activations;
  }
};

// Sums of a least-squares problem in two unknowns.
struct Sums {
  double ww = 0.0, wa = 0.0, aa = 0.0, wy = 0.0, ay = 0.0;

  void add(const Noise& noise, double y, double weight) {
    ww += weight * noise.weights * noise.weights;
    wa += weight * noise.weights * noise.activations;
    aa += weight * noise.activations * noise.activations;
    wy += weight * noise.weights * y;
    ay += weight * noise.activations * y;
  }

  Parts solved() const {
    constexpr double kApart = 1e-9;  // nearer than this, the two kinds of noise are one
    const double determinant = ww * aa - wa * wa;
    if (determinant > kApart * ww * aa) {
      const Parts both = {(wy * aa - ay * wa) / determinant, (ay * ww - wy * wa) / determinant};
      if (both.weights >= 0.0 && both.activations >= 0.0) return both;
      if (both.weights < 0.0) return {0.0, std::max(ay / aa, 0.0)};
    }
    return ww > 0.0 ? Parts{std::max(wy / ww, 0.0), 0.0} : Parts{};
  }
};

double mean_loss(const Sensitivities& found, std::size_t choice) {
  double sum = 0.0;
  for (const Sensitivities::Group& group : found.groups) sum += group.choices[choice].loss;
  return sum / static_cast<double>(found.groups.size());
}

std::vector<Level> levels_of(const Sensitivities& found) {
  std::vector<Level> levels;
  for (std::size_t i = 0; i < found.uniform.size(); ++i) {
    const std::optional<Bits>& bits = found.uniform[i].bits;
    if (!bits) continue;
    const Noise noise = {std::ldexp(1.0, -2 * bits->weights),
                         std::ldexp(1.0, -2 * bits->activations)};
    levels.push_back({i, noise, mean_loss(found, i)});
  }
  return levels;
}

// Measured losses scatter by a share of themselves. So errors count relative to the loss, which is
// known better after each round.
Parts parts_of(const Sensitivities::Group& group, const std::vector<Level>& levels) {
  constexpr int kRounds = 20;
  constexpr double kNothing = 1e-30;
  Parts parts;
  for (int round = 0; round < kRounds; ++round) {
    Sums sums;
    for (const Level& level : levels) {
      const double loss = round == 0 ? level.mean : parts.loss(level.noise);
      if (loss < kNothing) continue;
      sums.add(level.noise, group.choices[level.choice].loss, 1.0 / (loss * loss));
    }
    parts = sums.solved();
  }
  return parts;
}

}  // namespace

void fit_losses(Sensitivities& found) {
  const std::vector<Level> levels = levels_of(found);
  for (Sensitivities::Group& group : found.groups) {
    const Parts parts = parts_of(group, levels);
    for (const Level& level : levels) group.choices[level.choice].loss = parts.loss(level.noise);
  }
  for (const Level& level : levels) {
    const double fitted = mean_loss(found, level.choice);
    if (fitted <= 0.0) continue;
    for (Sensitivities::Group& group : found.groups) {
      group.choices[level.choice].loss *= level.mean / fitted;
    }
  }
}

}  // namespace vitq
