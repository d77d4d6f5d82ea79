// SPDX-License-Identifier: Apache-2.0
#include "vitq/divergence.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace vitq {
namespace {

std::vector<double> log_softmax(std::span<const float> logits) {
  const auto largest = static_cast<double>(*std::ranges::max_element(logits));
  double sum = 0.0;
  for (const float v : logits) sum += std::exp(static_cast<double>(v) - largest);
  std::vector<double> result(logits.size());
  for (std::size_t i = 0; i < logits.size(); ++i) {
    result[i] = static_cast<double>(logits[i]) - largest - std::log(sum);
  }
  return result;
}

// Gives log(sigmoid(x)), which neither end of the range of floats makes infinite.
double log_sigmoid(double x) {
  return std::min(x, 0.0) - std::log1p(std::exp(-std::abs(x)));
}

}  // namespace

double softmax_divergence(std::span<const float> reference, std::span<const float> found) {
  const std::vector<double> p = log_softmax(reference);
  const std::vector<double> q = log_softmax(found);
  double sum = 0.0;
  for (std::size_t i = 0; i < p.size(); ++i) sum += std::exp(p[i]) * (p[i] - q[i]);
  return std::max(sum, 0.0);
}

double sigmoid_divergence(std::span<const float> reference, std::span<const float> found) {
  double sum = 0.0;
  for (std::size_t i = 0; i < reference.size(); ++i) {
    const auto x = static_cast<double>(reference[i]);
    const auto y = static_cast<double>(found[i]);
    sum += std::exp(log_sigmoid(x)) * (log_sigmoid(x) - log_sigmoid(y));
    sum += std::exp(log_sigmoid(-x)) * (log_sigmoid(-x) - log_sigmoid(-y));
  }
  return std::max(sum, 0.0);
}

}  // namespace vitq
