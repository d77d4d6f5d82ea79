// SPDX-License-Identifier: Apache-2.0
// Whether images fit the ranges that a model froze when it was calibrated.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "vitq/model.h"
#include "vitq/quantizer.h"

namespace vitq::apps {

// The share of calibration values that fell outside of each layer's static range, by the layer's
// name, for the model file: "clipped" in its record of the quantization.
Json clipped_in_calibration(const std::vector<LayerReport>& report);

// The share of values whose code the range of `params` clamps; values are [..., channels].
double clipped_share(std::span<const float> values, const QParams& params);

class RangeCheck {
 public:
  // Throws what loading the model throws.
  RangeCheck(const std::filesystem::path& model, const SessionOptions& session);

  // Runs the network on images [N, 3, H, W] once more, and counts what falls outside.
  void add(const Tensor& input);

  // For people: the layers whose inputs clip far more often than they did in calibration.
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
