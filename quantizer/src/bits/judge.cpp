// SPDX-License-Identifier: Apache-2.0
#include "bits/judge.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>

#include "calibration/pixels.h"
#include "vitq/finite.h"

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

double divergence(std::span<const float> reference, std::span<const float> found) {
  const std::vector<double> p = log_softmax(reference);
  const std::vector<double> q = log_softmax(found);
  double sum = 0.0;
  for (std::size_t i = 0; i < p.size(); ++i) sum += std::exp(p[i]) * (p[i] - q[i]);
  return sum;
}

// Gives the mean over all axes but the last.
double mean_divergence(const Tensor& reference, const Tensor& found) {
  const auto classes = static_cast<std::size_t>(reference.shape()[-1]);
  const std::span<const float> p = reference.as<float>();
  const std::span<const float> q = found.as<float>();
  double sum = 0.0;
  for (std::size_t at = 0; at < p.size(); at += classes) {
    sum += divergence(p.subspan(at, classes), q.subspan(at, classes));
  }
  return sum * static_cast<double>(classes) / static_cast<double>(p.size());
}

}  // namespace

Judge::Judge(const CalibrationImages& images, int threads)
    : images_(images), threads_(threads), answers_(static_cast<std::size_t>(images.count())) {
  run(images.network().weights, Scheme::float32(),
      [this](std::int64_t image, const Tensor& answer) {
        answers_[static_cast<std::size_t>(image)] = answer.clone();
      });
}

template <typename Visit>
void Judge::run(const Weights& weights, const Scheme& scheme, const Visit& visit) const {
  const auto lowered = [&](const Graph& graph) {
    return lower(graph, weights, scheme, LowerOptions{});
  };
  const std::string& graph_output = images_.network().graph.outputs()[0].name;
  images_.run(threads_, lowered, [&](Session& session, std::int64_t image) {
    const Tensor& values = images_.values()[static_cast<std::size_t>(image)];
    const Tensor& answer = session.run(plan_inputs(session.plan(), {values}, images_.network()))[0];
    require_finite(answer.as<float>(), graph_output);
    visit(image, answer);
  });
}

double Judge::kl(const Weights& weights, const Scheme& scheme) const {
  std::vector<double> losses(answers_.size());
  run(weights, scheme, [&](std::int64_t image, const Tensor& answer) {
    losses[static_cast<std::size_t>(image)] = divergence(image, answer);
  });
  return mean_loss(losses);
}

double Judge::divergence(std::int64_t image, const Tensor& answer) const {
  return mean_divergence(answers_[static_cast<std::size_t>(image)], answer);
}

double mean_loss(const std::vector<double>& losses) {
  const double sum = std::accumulate(losses.begin(), losses.end(), 0.0);
  return std::max(sum / static_cast<double>(losses.size()), 0.0);
}

}  // namespace vitq
