// SPDX-License-Identifier: Apache-2.0
// This header has what DETR and its kin share: all up to the memory of the encoder, and layers.
#pragma once

#include "blocks.h"
#include "detr.h"

namespace vitq {

inline constexpr float kDetrEps = 1e-5F;  // of the layer norms

// Attention is told where the features lie, and which of them are padding.
struct Features {
  Value tokens;                 // [N, T, dim]
  Value positions;              // [N or 1, T, dim]
  std::optional<Value> hidden;  // [N, 1, 1, T]: added to scores; absent if nothing is padding
};

// Records backbone, projection and encoder. `mask` f32 [N or 1, H, W] is 1 where a pixel belongs to
// its image.
Features detr_memory(const Scope& scope, Value image, const DetrConfig& config, const Tensor& mask);

// Answers the mask of images without padding [1, H, W].
Tensor whole_mask(const Shape& image);

// By section A.1 of arXiv:2005.12872, positions join queries and keys, but never values.
struct Attended {
  Value query, key, value;
  std::optional<Value> hidden;
  std::int64_t heads;
};
// Its weights are "q_proj", "k_proj", "v_proj" and "out_proj".
Value detr_attention(const Scope& scope, const Attended& in);

// Its weights are "linear1" and "linear2".
Value feed_forward(const Scope& scope, Value x, std::int64_t hidden, Act act);

// Adds what a layer makes of x to x. The norm comes after the sum, or before the layer.
template <typename Layer>
Value add_normalized(const Scope& norm, Value x, bool first, const Layer& layer) {
  if (first) return x + layer(layer_norm(norm, x, kDetrEps));
  return layer_norm(norm, x + layer(x), kDetrEps);
}

}  // namespace vitq
