// SPDX-License-Identifier: Apache-2.0
// This file has the figures by which the answers of two models are compared.
#include <algorithm>
#include <cmath>

#include "energies.h"
#include "vitq/compare_models.h"
#include "vitq/divergence.h"

namespace vitq {

std::size_t argmax(std::span<const float> values) {
  return static_cast<std::size_t>(std::max_element(values.begin(), values.end()) - values.begin());
}

double divergence(std::span<const float> reference, std::span<const float> logits, Scores scores) {
  return scores == Scores::kSigmoid ? sigmoid_divergence(reference, logits)
                                    : softmax_divergence(reference, logits);
}

double mcnemar_p(std::int64_t lost, std::int64_t won) {
  const std::int64_t fewer = std::min(lost, won);
  const auto n = static_cast<double>(lost + won);
  double tail = 0.0;
  for (std::int64_t i = 0; i <= fewer; ++i) {
    const auto k = static_cast<double>(i);
    const double ways = std::lgamma(n + 1.0) - std::lgamma(k + 1.0) - std::lgamma(n - k + 1.0);
    tail += std::exp(ways - n * std::log(2.0));
  }
  return std::min(1.0, 2.0 * tail);
}

std::optional<double> decibels(double reference_energy, double error_energy) {
  if (!(reference_energy > 0.0 && error_energy > 0.0)) return std::nullopt;
  return 10.0 * std::log10(reference_energy / error_energy);
}

void Comparison::add(std::span<const float> reference, std::span<const float> logits,
                     std::int64_t label) {
  const std::size_t expected = argmax(reference);
  const std::size_t found = argmax(logits);
  ++images;
  if (found == expected) ++agreeing;
  const auto is_label = [label](std::size_t id) { return static_cast<std::int64_t>(id) == label; };
  if (is_label(expected) && !is_label(found)) ++lost;
  if (is_label(found) && !is_label(expected)) ++won;
  add_energies(reference, logits, *this);
  divergences.push_back(vitq::divergence(reference, logits, scores));
  divergence += divergences.back();
}

}  // namespace vitq
