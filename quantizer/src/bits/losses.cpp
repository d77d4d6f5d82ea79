// SPDX-License-Identifier: Apache-2.0
#include "bits/losses.h"

#include <algorithm>

#include "vitq/divergence.h"

namespace vitq {
namespace {

// Gives the mean over all axes but the last.
template <typename Divergence>
double mean_over_rows(const Tensor& reference, const Tensor& found, const Divergence& divergence) {
  const auto classes = static_cast<std::size_t>(reference.shape()[-1]);
  const std::span<const float> p = reference.as<float>();
  const std::span<const float> q = found.as<float>();
  double sum = 0.0;
  for (std::size_t at = 0; at < p.size(); at += classes) {
    sum += divergence(p.subspan(at, classes), q.subspan(at, classes));
  }
  return sum * static_cast<double>(classes) / static_cast<double>(p.size());
}

double relative_error(std::span<const float> reference, std::span<const float> found) {
  double energy = 0.0;
  double error = 0.0;
  for (std::size_t i = 0; i < reference.size(); ++i) {
    const auto value = static_cast<double>(reference[i]);
    const double off = value - static_cast<double>(found[i]);
    energy += value * value;
    error += off * off;
  }
  constexpr double kLeast = 1e-30;  // of an answer that is all zeros
  return error / std::max(energy, kLeast);
}

}  // namespace

std::string_view name_of(Loss loss) {
  return loss == Loss::kRelativeError ? "relative error" : "KL";
}

std::vector<NodeId> judged_outputs(const Network& network) {
  std::vector<NodeId> nodes;
  for (const GraphOutput& output : network.graph.outputs()) nodes.push_back(output.node);
  if (network.loss != Loss::kRelativeError) nodes.resize(1);
  return nodes;
}

double answer_loss(Loss loss, std::span<const Tensor> reference, std::span<const Tensor> found) {
  switch (loss) {
    case Loss::kSoftmaxKl: return mean_over_rows(reference[0], found[0], softmax_divergence);
    case Loss::kSigmoidKl: return mean_over_rows(reference[0], found[0], sigmoid_divergence);
    case Loss::kRelativeError: break;
  }
  double sum = 0.0;
  for (std::size_t i = 0; i < reference.size(); ++i) {
    sum += relative_error(reference[i].as<float>(), found[i].as<float>());
  }
  return sum / static_cast<double>(reference.size());
}

}  // namespace vitq
