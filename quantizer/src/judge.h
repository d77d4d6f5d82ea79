// SPDX-License-Identifier: Apache-2.0
// How far a network's answers are from those of the float network.
#pragma once

#include <vector>

#include "calibration_images.h"

namespace vitq {

class Judge {
 public:
  // Keeps the float network's answers to the images, which have to outlive it.
  Judge(const Images& images, int threads);

  // KL(softmax(float) || softmax(other)) over the last axis of the first output in nats, the mean
  // over its rows and the images.
  double kl(const Weights& weights, const Scheme& scheme) const;
  // The same of an answer to one image.
  double divergence(std::int64_t image, const Tensor& answer) const;

 private:
  template <typename Visit>
  void run(const Weights& weights, const Scheme& scheme, const Visit& visit) const;

  const Images& images_;
  int threads_;
  std::vector<Tensor> answers_;
};

// The mean of the images' losses. Rounding can leave what is next to nothing below 0.
double mean_loss(const std::vector<double>& losses);

}  // namespace vitq
