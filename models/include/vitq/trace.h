// SPDX-License-Identifier: Apache-2.0
// The network that a model file describes, as a graph.
#pragma once

#include "vitq/graph.h"
#include "vitq/model_info.h"

namespace vitq {

// The input [1, 3, H, W] of one image. A network that takes any size has no such input: its usual
// one is an image of 4 to 3 as high as the preprocessing makes it.
Shape usual_input(const ModelInfo& info);

// Records the network for a batch `input` [N, 3, H, W]; its one input is named "image". The graph
// needs no weights: its parameters say which tensors it asks for. Throws UnsupportedError for an
// unknown family, FileError for a bad configuration, and ShapeError if the input does not fit it.
Graph trace(const ModelInfo& info, const Shape& input);
// The same for images that were padded to one size: `mask` f32 [N, H, W] is 1 where a pixel
// belongs to its image and 0 elsewhere. Throws UnsupportedError if the family has no such batches.
Graph trace_padded(const ModelInfo& info, const Shape& input, const Tensor& mask);

}  // namespace vitq
