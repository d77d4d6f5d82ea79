// SPDX-License-Identifier: Apache-2.0
// A model file describes a network, which becomes a graph here.
#pragma once

#include "vitq/graph.h"
#include "vitq/model_info.h"

namespace vitq {

// Answers the input [1, 3, H, W] of one image. For a network that takes any size, that is an image
// of 4 to 3, as high as the preprocessing makes the shorter side.
Shape usual_input(const ModelInfo& info);

// Records the network for a batch `input` [N, 3, H, W], which is named "image". No weights are
// needed, and the graph's parameters say which there must be. Throws UnsupportedError for an
// unknown family, FileError for a bad configuration, and ShapeError if the input does not fit it.
Graph trace(const ModelInfo& info, const Shape& input);
// This records it for images that were padded to one size. `mask` f32 [N, H, W] is 1 where a pixel
// belongs to its image and 0 elsewhere. UnsupportedError is thrown if the family has no such
// batches.
Graph trace_padded(const ModelInfo& info, const Shape& input, const Tensor& mask);

}  // namespace vitq
