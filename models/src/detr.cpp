// SPDX-License-Identifier: Apache-2.0
// DETR: "End-to-End Object Detection with Transformers", arXiv:2005.12872. Weights carry the names
// of facebookresearch/detr; those of the backbone carry torchvision's.
#include "detr.h"

#include <algorithm>
#include <limits>

#include "blocks.h"
#include "sine_positions.h"
#include "vitq/error.h"

namespace vitq {
namespace {

constexpr float kEps = 1e-5F;  // of the layer norms

// Attention is told where the features lie, and which of them are padding.
struct Features {
  Value tokens;                 // [N, T, dim]
  Value positions;              // [N or 1, T, dim]
  std::optional<Value> hidden;  // [N, 1, 1, T]: added to scores; absent if nothing is padding
};

// By section A.1, positions join queries and keys, but never values.
struct Attended {
  Value query, key, value;
  std::optional<Value> hidden;
  std::int64_t heads;
};

Value attention(const Scope& s, const Attended& in, const DetrConfig& c) {
  const Value q = split_heads(linear(s / "q_proj", in.query, c.dim), in.heads);
  const Value k = split_heads(linear(s / "k_proj", in.key, c.dim), in.heads);
  const Value v = split_heads(linear(s / "v_proj", in.value, c.dim), in.heads);
  return linear(s / "out_proj", merge_heads(attend(s, q, k, v, in.hidden)), c.dim);
}

Value feed_forward(const Scope& s, Value x, std::int64_t hidden, const DetrConfig& c) {
  return linear(s / "linear2", activate(linear(s / "linear1", x, hidden), c.act), c.dim);
}

// This is figure 10, left.
Value encoder_layer(const Scope& s, const Features& f, const DetrConfig& c) {
  const Value placed = f.tokens + f.positions;
  Value x = f.tokens;
  x = layer_norm(s / "norm1",
                 x + attention(s / "self_attn", {placed, placed, x, f.hidden, c.heads}, c), kEps);
  return layer_norm(s / "norm2", x + feed_forward(s, x, c.ffn, c), kEps);
}

// This is figure 10, right. `across` holds the keys and values of the memory.
Value decoder_layer(const Scope& s, Value x, Value queries, Attended across, const DetrConfig& c) {
  const Value own = x + queries;
  const Attended among = {own, own, x, {}, c.decoder_heads};
  x = layer_norm(s / "norm1", x + attention(s / "self_attn", among, c), kEps);
  across.query = x + queries;
  x = layer_norm(s / "norm2", x + attention(s / "multihead_attn", across, c), kEps);
  return layer_norm(s / "norm3", x + feed_forward(s, x, c.decoder_ffn, c), kEps);
}

Features features_of(Value map, const Tensor& pixel_mask) {
  const Shape s = map.shape();  // [N, dim, h, w]
  Graph& graph = *map.graph;
  const Tensor mask = feature_mask(pixel_mask, s[2], s[3]);
  Features f = {.tokens = permute(reshape(map, {s[0], s[1], s[2] * s[3]}), {0, 2, 1}),
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

Value decode(const Scope& s, const Features& memory, Value queries, const DetrConfig& c) {
  const std::int64_t n = memory.tokens.shape()[0];
  const Value placed = memory.tokens + memory.positions;
  const Attended across = {queries, placed, memory.tokens, memory.hidden, c.decoder_heads};
  Value x = constant(s.graph(), "target", Tensor({n, c.queries, c.dim}, DType::kF32));
  for (int i = 0; i < c.decoder_layers; ++i) {
    x = decoder_layer(s / "layers" / i, x, queries, across, c);
    if (c.normalize_each) x = layer_norm(s / "norm", x, kEps);
  }
  return layer_norm(s / "norm", x, kEps);
}

// Answers the box of each query: centre and size relative to the image.
Value box_head(const Scope& s, Value x, const DetrConfig& c) {
  for (const int layer : {0, 1}) x = activate(linear(s / "layers" / layer, x, c.dim), Act::kRelu);
  return activate(linear(s / "layers" / 2, x, 4), Act::kSigmoid);
}

std::vector<GraphOutput> trace_padded(const Scope& s, Value image, const Json& json,
                                      const Tensor& mask) {
  const DetrConfig c = DetrConfig::from_json(json);
  const Value map = resnet(s / "backbone", image, c.backbone);
  Features f = features_of(conv2d(s / "input_proj", map, {.channels = c.dim}), mask);
  const Scope transformer = s / "transformer";
  for (int i = 0; i < c.encoder_layers; ++i)
    f.tokens = encoder_layer(transformer / "encoder" / "layers" / i, f, c);
  const Value queries =
      reshape((s / "query_embed").param("weight", {c.queries, c.dim}), {1, c.queries, c.dim});
  const Value x = decode(transformer / "decoder", f, queries, c);
  return {{"logits", linear(s / "class_embed", x, c.classes + 1).id},
          {"boxes", box_head(s / "bbox_embed", x, c).id}};
}

std::vector<GraphOutput> trace(const Scope& s, Value image, const Json& json) {
  const Shape shape = image.shape();
  Tensor whole({1, shape[2], shape[3]}, DType::kF32);
  std::ranges::fill(whole.as<float>(), 1.0F);
  return trace_padded(s, image, json, whole);
}

Shape image_shape(const Json&) {
  return {3, 800, 1066};
}

Json configure(const Weights& weights, const Json& source) {
  return configure_detr(weights, source).to_json();
}

bool recognize(const Weights& weights, const Json& source) {
  if (const auto type = source.find("model_type")) return type->string() == "detr";
  return weights.find("query_embed.weight") != nullptr;
}

}  // namespace

const Family kDetr = {.name = "detr",
                      .title = "DETR (arXiv:2005.12872)",
                      .task = Task::kDetection,
                      .trace = trace,
                      .trace_padded = trace_padded,
                      .image_shape = image_shape,
                      .configure = configure,
                      .recognize = recognize,
                      .config_parts = detr_config_parts,
                      .dialects = kDetrDialects,
                      .any_size = true,
                      .keep = "^bbox_embed\\."};  // a box is read to the pixel

}  // namespace vitq
