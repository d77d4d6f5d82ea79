// SPDX-License-Identifier: Apache-2.0
// Networks whose first layer reads the bytes of the image: what is not a byte has no place there.
#pragma once

#include <optional>
#include <vector>

#include "vitq/graph.h"
#include "vitq/quant.h"
#include "vitq/tensor.h"

namespace vitq {

// x = channel_offset + smoothing_scale * byte, per channel.
struct PixelGrid {
  std::vector<float> smoothing_scale;
  std::vector<float> channel_offset;
};

// That of the convolution which reads the image as bytes; nothing if there is none.
std::optional<PixelGrid> pixel_grid(const Graph& graph, const Scheme& scheme);

// Throws ShapeError naming the first value of `input` [N, C, H, W] that is further than a hundredth
// of a step from a byte's. With a `mask` [N, H, W] only of those where it is 1.
void require_pixels(const Tensor& input, const PixelGrid& grid, const Tensor* mask);

}  // namespace vitq
