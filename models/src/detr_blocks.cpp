// SPDX-License-Identifier: Apache-2.0
#include "detr_blocks.h"

#include <algorithm>
#include <limits>

#include "sine_positions.h"

namespace vitq {
namespace {

// This is figure 10 of arXiv:2005.12872, left.
Value encoder_layer(const Scope& s, const Features& f, const DetrConfig& c) {
  const auto attend_all = [&](Value x) {
    const Value placed = x + f.positions;
    return detr_attention(s / "self_attn", {placed, placed, x, f.hidden, c.heads});
  };
  const Value x = add_normalized(s / "norm1", f.tokens, c.normalize_first, attend_all);
  return add_normalized(s / "norm2", x, c.normalize_first,
                        [&](Value y) { return feed_forward(s, y, c.ffn, c.act); });
}

Features features_of(Value map, const Tensor& pixel_mask) {
  const Shape s = map.shape();  // [N, dim, h, w]
  Graph& graph = *map.graph;
  const Tensor mask = feature_mask(pixel_mask, s[2], s[3]);
  Features f = {.tokens = to_tokens(map),
                .positions = constant(graph, "positions", sine_positions(mask, s[1])),
                .hidden = {}};
  const std::span<const float> valid = mask.as<float>();
  if (std::find(valid.begin(), valid.end(), 0.0F) == valid.end()) return f;
  Tensor hidden({s[0], 1, 1, s[2] * s[3]}, DType::kF32);
  std::transform(valid.begin(), valid.end(), hidden.as<float>().begin(),
                 [](float v) { return v > 0.0F ? 0.0F : std::numeric_limits<float>::lowest(); });
  f.hidden = constant(graph, "padding", std::move(hidden));
  return f;
}

}  // namespace

Features detr_memory(const Scope& s, Value image, const DetrConfig& c, const Tensor& mask) {
  const Value map = resnet(s / "backbone", image, c.backbone);
  Features f = features_of(conv2d(s / "input_proj", map, {.channels = c.dim}), mask);
  const Scope encoder = s / "transformer" / "encoder";
  for (int i = 0; i < c.encoder_layers; ++i) f.tokens = encoder_layer(encoder / "layers" / i, f, c);
  if (c.normalize_first) f.tokens = layer_norm(encoder / "norm", f.tokens, kDetrEps);
  return f;
}

Tensor whole_mask(const Shape& image) {
  Tensor mask({1, image[2], image[3]}, DType::kF32);
  std::ranges::fill(mask.as<float>(), 1.0F);
  return mask;
}

Value detr_attention(const Scope& s, const Attended& in) {
  const std::int64_t dim = in.query.shape()[-1];
  const Value q = split_heads(linear(s / "q_proj", in.query, dim), in.heads);
  const Value k = split_heads(linear(s / "k_proj", in.key, dim), in.heads);
  const Value v = split_heads(linear(s / "v_proj", in.value, dim), in.heads);
  return linear(s / "out_proj", merge_heads(attend(s, q, k, v, in.hidden)), dim);
}

Value feed_forward(const Scope& s, Value x, std::int64_t hidden, Act act) {
  const std::int64_t dim = x.shape()[-1];
  return linear(s / "linear2", activate(linear(s / "linear1", x, hidden), act), dim);
}

}  // namespace vitq
