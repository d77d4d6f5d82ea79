// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "vitq/plan.h"
#include "vitq/sensitivity.h"
#include "vitq/session.h"

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

// The mean over all but the last axis.
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

Session session_of(const Graph& graph, const Weights& weights, const Scheme& scheme) {
  return {std::make_shared<const Plan>(lower(graph, weights, scheme, LowerOptions{})),
          {.threads = 1}};
}

}  // namespace

struct Judge::Impl {
  const Graph& graph;
  std::vector<Tensor> images;
  std::vector<Tensor> answers;
};

Judge::Judge(const Network& network, const CalibrationSet& images) {
  auto impl = std::make_unique<Impl>(Impl{network.graph, {}, {}});
  Session session = session_of(network.graph, network.weights, Scheme::float32());
  for (std::int64_t i = 0; i < images.count; ++i) {
    impl->images.push_back(images.batch(i, 1));
    impl->answers.push_back(session.run(impl->images.back())[0].clone());
  }
  impl_ = std::move(impl);
}

Judge::~Judge() = default;

double Judge::kl(const Weights& weights, const Scheme& scheme) const {
  Session session = session_of(impl_->graph, weights, scheme);
  double sum = 0.0;
  for (std::size_t i = 0; i < impl_->images.size(); ++i) {
    sum += mean_divergence(impl_->answers[i], session.run(impl_->images[i])[0]);
  }
  // Rounding can leave what is next to nothing below it.
  return std::max(sum / static_cast<double>(impl_->images.size()), 0.0);
}

}  // namespace vitq
