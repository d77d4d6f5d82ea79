// SPDX-License-Identifier: Apache-2.0
// Conditional DETR: "Conditional DETR for Fast Training Convergence", arXiv:2108.06152. Up to the
// decoder it is a DETR. Each query has a reference point, about which it looks for a box.
#include "detr_blocks.h"
#include "sine_positions.h"

namespace vitq {
namespace {

// What does not change from one layer of the decoder to the next.
struct Decoding {
  Features memory;
  Value queries;  // [1, Q, dim]: what the queries have learned of their places
  const DetrConfig& config;
};

// Queries and keys are sums of two projections, of contents and of places.
Value attention_among_queries(const Scope& s, Value x, const Decoding& d) {
  const std::int64_t heads = d.config.decoder_heads;
  const std::int64_t dim = d.config.dim;
  const Value q = linear(s / "q_content_proj", x, dim) + linear(s / "q_pos_proj", d.queries, dim);
  const Value k = linear(s / "k_content_proj", x, dim) + linear(s / "k_pos_proj", d.queries, dim);
  const Value v = linear(s / "v_proj", x, dim);
  const Value y = attend(s, split_heads(q, heads), split_heads(k, heads), split_heads(v, heads));
  return linear(s / "out_proj", merge_heads(y), dim);
}

// This is equation (3): contents and places lie side by side in each head, so that a score is the
// sum of two. Only the first layer adds places to contents, too.
Value attention_to_memory(const Scope& s, Value x, Value place, const Decoding& d, bool first) {
  const std::int64_t heads = d.config.decoder_heads;
  const std::int64_t dim = d.config.dim;
  Value q = linear(s / "q_content_proj", x, dim);
  Value k = linear(s / "k_content_proj", d.memory.tokens, dim);
  const Value v = linear(s / "v_proj", d.memory.tokens, dim);
  const Value k_place = linear(s / "k_pos_proj", d.memory.positions, dim);
  if (first) {
    q = q + linear(s / "q_pos_proj", d.queries, dim);
    k = k + k_place;
  }
  const Value q_place = linear(s / "q_pos_sine_proj", place, dim);
  const auto beside = [&](Value content, Value placed) {
    return concat(split_heads(content, heads), split_heads(placed, heads), 3);
  };
  const Value y =
      attend(s, beside(q, q_place), beside(k, k_place), split_heads(v, heads), d.memory.hidden);
  return linear(s / "out_proj", merge_heads(y), dim);
}

// Makes sines of points [1, Q, 2], x and y from 0 to 1 -> [1, Q, dim], those of y first.
Value sines_of(Value points, std::int64_t dim) {
  const SineWaves waves = sine_waves(dim / 2);
  const Value frequencies = constant(*points.graph, "frequencies", waves.frequencies);
  const Value phases = constant(*points.graph, "phases", waves.phases);
  const auto of_axis = [&](std::int64_t axis) {
    return sine(slice(points, 2, axis, axis + 1) * frequencies + phases);
  };
  const Value x = of_axis(0);
  return concat(of_axis(1), x, 2);
}

Value decode(const Scope& s, const Decoding& d, Value reference) {
  const DetrConfig& c = d.config;
  const Value sines = sines_of(activate(reference, Act::kSigmoid), c.dim);
  const std::int64_t n = d.memory.tokens.shape()[0];
  Value x = constant(s.graph(), "target", Tensor({n, c.queries, c.dim}, DType::kF32));
  for (int i = 0; i < c.decoder_layers; ++i) {
    const Scope layer = s / "layers" / i;
    const bool first = i == 0;
    // By equation (5) what a query has found so far transforms its place.
    const Value place = first ? sines : sines * relu_layers(s / "query_scale", x, {2, c.dim});
    x = add_normalized(layer / "norm1", x, false,
                       [&](Value y) { return attention_among_queries(layer / "self_attn", y, d); });
    x = add_normalized(layer / "norm2", x, false, [&](Value y) {
      return attention_to_memory(layer / "multihead_attn", y, place, d, first);
    });
    x = add_normalized(layer / "norm3", x, false,
                       [&](Value y) { return feed_forward(layer, y, c.decoder_ffn, c.act); });
    if (c.normalize_each) x = layer_norm(s / "norm", x, kDetrEps);
  }
  return layer_norm(s / "norm", x, kDetrEps);
}

// Keeps x within [-limit, limit].
Value clamped(Value x, float limit) {
  const auto number = [&](float value) {
    Tensor tensor({1, 1, 1}, DType::kF32);
    tensor.as<float>()[0] = value;
    return constant(*x.graph, "limit", std::move(tensor));
  };
  const Value above = activate(x + number(limit), Act::kRelu);
  const Value below = activate(scale(above, -1.0F) + number(2.0F * limit), Act::kRelu);
  return scale(below, -1.0F) + number(limit);
}

// A box's centre counts from the reference point, by section 3.2. The origin takes the logit of a
// sigmoid that it keeps 1e-5 away from 0 and 1.
Value boxes_about(Value reference, Value x) {
  constexpr float kLimit = 11.512915F;  // log((1 - 1e-5) / 1e-5)
  const Value centre = slice(x, 2, 0, 2) + clamped(reference, kLimit);
  return activate(concat(centre, slice(x, 2, 2, 4), 2), Act::kSigmoid);
}

std::vector<GraphOutput> trace_padded(const Scope& s, Value image, const Json& json,
                                      const Tensor& mask) {
  const DetrConfig c = DetrConfig::from_json(json);
  const Features memory = detr_memory(s, image, c, mask);
  const Value queries =
      reshape((s / "query_embed").param("weight", {c.queries, c.dim}), {1, c.queries, c.dim});
  const Scope decoder = s / "transformer" / "decoder";
  const Value reference = relu_layers(decoder / "ref_point_head", queries, {2, 2});
  const Value x = decode(decoder, {memory, queries, c}, reference);
  const Value logits = linear(s / "class_embed", x, c.classes);
  return {{"logits", logits.id},
          {"boxes", boxes_about(reference, relu_layers(s / "bbox_embed", x, {3, 4})).id}};
}

std::vector<GraphOutput> trace(const Scope& s, Value image, const Json& json) {
  return trace_padded(s, image, json, whole_mask(image.shape()));
}

Json configure(const Weights& weights, const Json& source) {
  return configure_detr(weights, source, NoObject::kNo).to_json();
}

bool recognize(const Weights& weights, const Json& source) {
  if (const auto type = source.find("model_type")) return type->string() == "conditional_detr";
  return weights.find("transformer.decoder.ref_point_head.layers.0.weight") != nullptr;
}

}  // namespace

const Family kConditionalDetr = {.name = "conditional_detr",
                                 .title = "Conditional DETR (arXiv:2108.06152)",
                                 .task = Task::kDetection,
                                 .trace = trace,
                                 .trace_padded = trace_padded,
                                 .image_shape = detr_image_shape,
                                 .configure = configure,
                                 .recognize = recognize,
                                 .config_parts = detr_config_parts,
                                 .dialects = kDetrDialects,
                                 .any_size = true,
                                 .scores = Scores::kSigmoid,
                                 // A box is read to the pixel, and so is the point it counts from.
                                 .keep = "^bbox_embed\\.|\\.ref_point_head\\."};

}  // namespace vitq
