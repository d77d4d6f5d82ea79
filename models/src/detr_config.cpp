// SPDX-License-Identifier: Apache-2.0
// This file has the canonical configuration of a DETR, and finds it out from a checkpoint.
#include "config_read.h"
#include "detr.h"

namespace vitq {
namespace {

constexpr std::int64_t kMaxLayers = 128;
constexpr std::int64_t kMaxHeads = 64;
constexpr std::int64_t kMaxClasses = 1'000'000;
constexpr std::int64_t kMaxQueries = 10'000;
constexpr std::int64_t kMaxWidth = 65536;
constexpr std::int64_t kUsualHeads = 8;

void configure_heads(const Json& source, DetrConfig& c) {
  c.heads = c.decoder_heads = kUsualHeads;
  for (const std::string_view key : {"num_attention_heads", "encoder_attention_heads"}) {
    if (const auto heads = source.find(key)) c.heads = heads->integer(1, kMaxHeads);
  }
  if (const auto heads = source.find("decoder_attention_heads"))
    c.decoder_heads = heads->integer(1, kMaxHeads);
}

// What config.json says of the tensors must be so.
void require_sizes(const DetrConfig& c, const Json& source) {
  require_same(source, "d_model", c.dim);
  require_same(source, "encoder_layers", c.encoder_layers);
  require_same(source, "decoder_layers", c.decoder_layers);
  require_same(source, "encoder_ffn_dim", c.ffn);
  require_same(source, "decoder_ffn_dim", c.decoder_ffn);
  require_same(source, "num_queries", c.queries);
}

// transformers' DETR never normalizes first, and its Table Transformer always does. Facebook's
// files show it.
bool normalizes_first(const Weights& weights, const Json& source) {
  if (const auto type = source.find("model_type")) return type->string() == "table-transformer";
  return weights.find("transformer.encoder.norm.weight") != nullptr;
}

}  // namespace

DetrConfig configure_detr(const Weights& weights, const Json& source, NoObject no_object) {
  DetrConfig c;
  c.backbone = configure_resnet(weights, source);
  c.dim = shape_of(weights, "input_proj.weight", 4)[0];
  c.ffn = shape_of(weights, "transformer.encoder.layers.0.linear1.weight", 2)[0];
  c.decoder_ffn = shape_of(weights, "transformer.decoder.layers.0.linear1.weight", 2)[0];
  c.encoder_layers = count_of(weights, "transformer.encoder.layers.", ".norm1.weight");
  c.decoder_layers = count_of(weights, "transformer.decoder.layers.", ".norm1.weight");
  c.queries = shape_of(weights, "query_embed.weight", 2)[0];
  c.classes = shape_of(weights, "class_embed.weight", 2)[0] - (no_object == NoObject::kYes ? 1 : 0);
  configure_heads(source, c);
  if (const auto act = source.find("activation_function")) c.act = read_act(*act);
  c.normalize_each = is_set(source, "auxiliary_loss");
  c.normalize_first = normalizes_first(weights, source);
  require_sizes(c, source);
  return DetrConfig::from_json(c.to_json());
}

DetrConfig DetrConfig::from_json(const Json& json) {
  DetrConfig c;
  c.backbone = ResNetConfig::from_json(json);
  c.normalize_each = is_set(json, "normalize_each");
  c.normalize_first = is_set(json, "normalize_first");
  if (const auto act = json.find("act")) c.act = read_act(*act);
  c.dim = json.at("dim").integer(1, kMaxWidth);
  c.heads = json.at("heads").integer(1, kMaxHeads);
  const auto decoder_heads = json.find("decoder_heads");
  c.decoder_heads = decoder_heads ? decoder_heads->integer(1, kMaxHeads) : c.heads;
  c.ffn = json.at("ffn").integer(1, kMaxWidth);
  const auto decoder_ffn = json.find("decoder_ffn");
  c.decoder_ffn = decoder_ffn ? decoder_ffn->integer(1, kMaxWidth) : c.ffn;
  c.encoder_layers = json.at("encoder_layers").integer(1, kMaxLayers);
  c.decoder_layers = json.at("decoder_layers").integer(1, kMaxLayers);
  c.queries = json.at("queries").integer(1, kMaxQueries);
  c.classes = json.at("classes").integer(1, kMaxClasses);
  if (c.dim % c.heads != 0 || c.dim % c.decoder_heads != 0)
    json.fail("the heads do not divide the width");
  if (c.dim % 4 != 0) json.fail("sine positions need a width that 4 divides");
  return c;
}

Json DetrConfig::to_json() const {
  Json json = Json::object();
  backbone.put_into(json);
  json.set("dim", dim).set("heads", heads).set("decoder_heads", decoder_heads).set("ffn", ffn);
  json.set("decoder_ffn", decoder_ffn).set("act", name_of(act));
  json.set("normalize_each", normalize_each).set("normalize_first", normalize_first);
  json.set("encoder_layers", encoder_layers).set("decoder_layers", decoder_layers);
  json.set("queries", queries).set("classes", classes);
  return json;
}

}  // namespace vitq
