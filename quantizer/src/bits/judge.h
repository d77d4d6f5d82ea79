// SPDX-License-Identifier: Apache-2.0
// How far a network's answers are from those of the float network.
#pragma once

#include <span>
#include <vector>

#include "calibration/calibration_images.h"

namespace vitq {

class Judge {
 public:
  // Keeps the float network's answers to the images. The images have to outlive the judge.
  Judge(const CalibrationImages& images, int threads);

  // The network's loss (Network::loss), the mean over the images.
  double loss(const Weights& weights, const Scheme& scheme) const;
  // The same for the answers to one image at the judged outputs.
  double loss(std::int64_t image, std::span<const Tensor> answers) const;

 private:
  template <typename Visit>
  void run(const Weights& weights, const Scheme& scheme, const Visit& visit) const;

  const CalibrationImages& images_;
  int threads_;
  std::vector<std::vector<Tensor>> answers_;  // [image][judged output]
};

// The mean of the images' losses, at least 0: rounding can leave a tiny loss below it.
double mean_loss(const std::vector<double>& losses);

}  // namespace vitq
