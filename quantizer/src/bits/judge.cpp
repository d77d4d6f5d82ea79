// SPDX-License-Identifier: Apache-2.0
#include "bits/judge.h"

#include <algorithm>
#include <numeric>

#include "bits/losses.h"
#include "calibration/pixels.h"
#include "vitq/finite.h"

namespace vitq {

Judge::Judge(const CalibrationImages& images, int threads)
    : images_(images), threads_(threads), answers_(static_cast<std::size_t>(images.count())) {
  run(images.network().weights, Scheme::float32(),
      [this](std::int64_t image, std::span<const Tensor> answers) {
        for (const Tensor& answer : answers) {
          answers_[static_cast<std::size_t>(image)].push_back(answer.clone());
        }
      });
}

template <typename Visit>
void Judge::run(const Weights& weights, const Scheme& scheme, const Visit& visit) const {
  const Network& network = images_.network();
  const auto lowered = [&](const Graph& graph) {
    return lower(graph, weights, scheme, LowerOptions{});
  };
  const std::size_t judged = judged_outputs(network).size();
  images_.run(threads_, lowered, [&](Session& session, std::int64_t image) {
    const Tensor& values = images_.values()[static_cast<std::size_t>(image)];
    const std::span<const Tensor> answers =
        session.run(plan_inputs(session.plan(), {values}, network)).first(judged);
    for (std::size_t i = 0; i < judged; ++i) {
      require_finite(answers[i].as<float>(), network.graph.outputs()[i].name);
    }
    visit(image, answers);
  });
}

double Judge::loss(const Weights& weights, const Scheme& scheme) const {
  std::vector<double> losses(answers_.size());
  run(weights, scheme, [&](std::int64_t image, std::span<const Tensor> answers) {
    losses[static_cast<std::size_t>(image)] = loss(image, answers);
  });
  return mean_loss(losses);
}

double Judge::loss(std::int64_t image, std::span<const Tensor> answers) const {
  return answer_loss(images_.network().loss, answers_[static_cast<std::size_t>(image)], answers);
}

double mean_loss(const std::vector<double>& losses) {
  const double sum = std::accumulate(losses.begin(), losses.end(), 0.0);
  return std::max(sum / static_cast<double>(losses.size()), 0.0);
}

}  // namespace vitq
