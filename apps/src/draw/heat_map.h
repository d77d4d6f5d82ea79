// SPDX-License-Identifier: Apache-2.0
// This shows weights of a network's patches as colours over the image that it saw.
#pragma once

#include <vector>

#include "vitq/preprocess.h"

namespace vitq::apps {

// There is one weight >= 0 per patch, [height][width].
struct PatchWeights {
  int width = 0;
  int height = 0;
  std::vector<double> weights;
};

// Shows what the network saw of `image`, several hundred pixels wide whatever its resolution. It is
// dark and grey where the weights are small, and glows in colours where they are large.
Image heat_map(const PatchWeights& patches, const Image& image, const Preprocess& preprocess);

}  // namespace vitq::apps
