// SPDX-License-Identifier: Apache-2.0
// A ResNet of basic or bottleneck blocks: "Deep Residual Learning for Image Recognition",
// arXiv:1512.03385. Batch norms are folded.
#pragma once

#include <array>
#include <cstdint>

#include "vitq/json.h"
#include "vitq/layers.h"
#include "vitq/weights.h"

namespace vitq {

struct ResNetConfig {
  static constexpr std::size_t kStages = 4;

  std::int64_t stem = 64;                                          // channels of the first layer
  std::array<std::int64_t, kStages> blocks = {3, 4, 6, 3};         // per stage
  bool bottleneck = true;                                          // else blocks are basic
  std::array<std::int64_t, kStages> planes = {64, 128, 256, 512};  // inside of blocks
  std::array<std::int64_t, kStages> channels = {256, 512, 1024, 2048};  // of the results
  bool dilation = false;             // the last stage keeps its resolution (DC5)
  bool stride_in_first = false;      // a block's stride is in its first convolution, not the 3 x 3
  bool first_stage_strides = false;  // the first stage halves the resolution, as all others do
  Act act = Act::kRelu;              // of the stem and each block's result; inside it is ReLU

  // These are keys of the object that has the detector's, too. Throws FileError for values that are
  // outside the documented limits.
  static ResNetConfig from_json(const Json& json);
  void put_into(Json& json) const;
};

// Finds sizes in the shapes of canonically named weights, and the rest in the config.json of a
// detector. Throws UnsupportedError for a backbone that is no plain ResNet.
ResNetConfig configure_resnet(const Weights& weights, const Json& source);

// Records the last stage's features: [N, 3, H, W] -> [N, channels[3], H / 32, W / 32], or / 16 if
// it is dilated. It is half as high and wide where the first stage has a stride, too.
Value resnet(const Scope& scope, Value image, const ResNetConfig& config);

}  // namespace vitq
