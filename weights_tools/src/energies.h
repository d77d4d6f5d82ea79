// SPDX-License-Identifier: Apache-2.0
// What comparisons of two models' answers add up.
#pragma once

#include <span>

namespace vitq {

// Adds the squares of the reference's values to `reference_energy`, and those of the differences
// from it to `error_energy`. `Sums` is a comparison that has both.
template <typename Sums>
void add_energies(std::span<const float> reference, std::span<const float> found, Sums& sums) {
  for (std::size_t i = 0; i < reference.size(); ++i) {
    const auto value = static_cast<double>(reference[i]);
    const double error = value - static_cast<double>(found[i]);
    sums.reference_energy += value * value;
    sums.error_energy += error * error;
  }
}

}  // namespace vitq
