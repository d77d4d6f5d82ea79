// SPDX-License-Identifier: Apache-2.0
// How far a network's answers are from those of the float network.
#pragma once

#include <vector>

#include "calibration/calibration_images.h"

namespace vitq {

class Judge {
 public:
  // Keeps the float network's answers to the images. The images have to outlive the judge.
  Judge(const CalibrationImages& images, int threads);

  // KL(softmax(float) || softmax(other)) in nats over the last axis of the first output. The mean
  // is taken over the rows of that output and over the images.
  double kl(const Weights& weights, const Scheme& scheme) const;
  // The same for an answer to one image.
  double divergence(std::int64_t image, const Tensor& answer) const;

 private:
  template <typename Visit>
  void run(const Weights& weights, const Scheme& scheme, const Visit& visit) const;

  const CalibrationImages& images_;
  int threads_;
  std::vector<Tensor> answers_;
};

// The mean of the images' losses, at least 0: rounding can leave a tiny loss below it.
double mean_loss(const std::vector<double>& losses);

}  // namespace vitq
