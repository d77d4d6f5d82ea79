// SPDX-License-Identifier: Apache-2.0
// This finds out whether images fit the static ranges of a model, which its calibration has found.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "vitq/model.h"
#include "vitq/quant.h"

namespace vitq::apps {

// Answers the share of the values [..., channels] whose code the range of `params` clamps.
double clipped_share(std::span<const float> values, const QParams& params);

class RangeCheck {
 public:
  // Throws what loading the model throws.
  RangeCheck(const std::filesystem::path& model, const SessionOptions& session);

  // Runs the network on images [N, 3, H, W] once more, and counts what falls outside.
  void add(const Tensor& input);

  // Tells people which layers' inputs clip far more often than they did in calibration.
  std::string report() const;

 private:
  struct Site {
    std::string layer;
    NodeId operand = 0;
    QParams params;
    double calibrated = 0.0;
    double sum = 0.0;  // of the batches' shares
  };

  std::vector<Site> sites_;
  std::int64_t batches_ = 0;
  Model model_;
};

}  // namespace vitq::apps
