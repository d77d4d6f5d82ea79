// SPDX-License-Identifier: Apache-2.0
// DETR: "End-to-End Object Detection with Transformers", arXiv:2005.12872. Weights carry the names
// of facebookresearch/detr; those of the backbone carry torchvision's. Table Transformer is a DETR
// whose norms come first: "PubTables-1M", arXiv:2110.00061.
#include "detr.h"

#include "detr_blocks.h"

namespace vitq {
namespace {

// This is figure 10, right. `across` holds the keys and values of the memory.
Value decoder_layer(const Scope& s, Value x, Value queries, Attended across, const DetrConfig& c) {
  const auto among_queries = [&](Value y) {
    const Value own = y + queries;
    return detr_attention(s / "self_attn", {own, own, y, {}, c.decoder_heads});
  };
  const auto to_memory = [&](Value y) {
    across.query = y + queries;
    return detr_attention(s / "multihead_attn", across);
  };
  x = add_normalized(s / "norm1", x, c.normalize_first, among_queries);
  x = add_normalized(s / "norm2", x, c.normalize_first, to_memory);
  return add_normalized(s / "norm3", x, c.normalize_first,
                        [&](Value y) { return feed_forward(s, y, c.decoder_ffn, c.act); });
}

Value decode(const Scope& s, const Features& memory, Value queries, const DetrConfig& c) {
  const std::int64_t n = memory.tokens.shape()[0];
  const Value placed = memory.tokens + memory.positions;
  const Attended across = {queries, placed, memory.tokens, memory.hidden, c.decoder_heads};
  Value x = constant(s.graph(), "target", Tensor({n, c.queries, c.dim}, DType::kF32));
  for (int i = 0; i < c.decoder_layers; ++i) {
    x = decoder_layer(s / "layers" / i, x, queries, across, c);
    if (c.normalize_each) x = layer_norm(s / "norm", x, kDetrEps);
  }
  return layer_norm(s / "norm", x, kDetrEps);
}

std::vector<GraphOutput> trace_padded(const Scope& s, Value image, const Json& json,
                                      const Tensor& mask) {
  const DetrConfig c = DetrConfig::from_json(json);
  const Features memory = detr_memory(s, image, c, mask);
  const Value queries =
      reshape((s / "query_embed").param("weight", {c.queries, c.dim}), {1, c.queries, c.dim});
  const Value x = decode(s / "transformer" / "decoder", memory, queries, c);
  const Value logits = linear(s / "class_embed", x, c.classes + 1);
  const Value boxes = activate(relu_layers(s / "bbox_embed", x, {3, 4}), Act::kSigmoid);
  return {{"logits", logits.id}, {"boxes", boxes.id}};
}

std::vector<GraphOutput> trace(const Scope& s, Value image, const Json& json) {
  return trace_padded(s, image, json, whole_mask(image.shape()));
}

Json configure(const Weights& weights, const Json& source) {
  return configure_detr(weights, source, NoObject::kYes).to_json();
}

bool recognize(const Weights& weights, const Json& source) {
  if (const auto type = source.find("model_type"))
    return type->string() == "detr" || type->string() == "table-transformer";
  return weights.find("query_embed.weight") != nullptr;
}

}  // namespace

Shape detr_image_shape(const Json&) {
  return {3, 800, 1066};
}

const Family kDetr = {.name = "detr",
                      .title = "DETR (arXiv:2005.12872), Table Transformer (arXiv:2110.00061)",
                      .task = Task::kDetection,
                      .trace = trace,
                      .trace_padded = trace_padded,
                      .image_shape = detr_image_shape,
                      .configure = configure,
                      .recognize = recognize,
                      .config_parts = detr_config_parts,
                      .dialects = kDetrDialects,
                      .any_size = true,
                      .keep = "^bbox_embed\\."};  // a box is read to the pixel

}  // namespace vitq
