// SPDX-License-Identifier: Apache-2.0
// Weights of a network's patches as colours over the image that it saw.
#pragma once

#include <vector>

#include "vitq/preprocess.h"

namespace vitq::apps {

// One weight >= 0 per patch, [height][width].
struct PatchWeights {
  int width = 0;
  int height = 0;
  std::vector<double> weights;
};

// What the network saw of `image`, several hundred pixels wide whatever the network's resolution,
// darkened and grey where the weights are small, in glowing colours where they are large.
Image heat_map(const PatchWeights& patches, const Image& image, const Preprocess& preprocess);

}  // namespace vitq::apps
