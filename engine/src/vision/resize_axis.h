// SPDX-License-Identifier: Apache-2.0
// What resampling along one axis makes each output sample of: which inputs, by which weights.
#pragma once

#include <cstdint>
#include <vector>

#include "vision/resize_kernels.h"
#include "vitq/image.h"

namespace vitq {

// Samples [begin, begin + count) of an axis.
struct Extent {
  int begin = 0;
  int count = 0;
};

struct ResizeAxis {
  bool kept = false;  // each output is the input of its place, and nothing needs to be computed
  Extent inputs;      // that the outputs are made of
  std::vector<ResizeTaps> taps;  // of each output, counted from inputs.begin; none if `kept`
  std::vector<std::int32_t> weights;
  std::vector<std::int16_t> low, high;

  ResizeWeights view() const { return {weights.data(), low.data(), high.data()}; }
};

// Some of the `out` samples that Pillow makes of `in` samples.
ResizeAxis make_resize_axis(int in, int out, Filter filter, const Extent& outputs);

}  // namespace vitq
