// SPDX-License-Identifier: Apache-2.0
// This file has the canonical configuration of a DETR, and finds it out from a checkpoint.
#include "detr.h"
#include "vitq/error.h"

namespace vitq {
namespace {

constexpr std::int64_t kMaxLayers = 128;
constexpr std::int64_t kMaxHeads = 64;
constexpr std::int64_t kMaxClasses = 1'000'000;
constexpr std::int64_t kMaxQueries = 10'000;
constexpr std::int64_t kMaxWidth = 65536;
constexpr std::int64_t kUsualHeads = 8;

const Shape& shape_of(const Weights& weights, const std::string& name, int rank) {
  const Shape& shape = weights.at(name).shape();
  const bool empty = shape.elements() == 0;
  if (shape.rank() != rank || empty) {
    throw WeightError("misshaped: " + name + ": expected " + std::to_string(rank) +
                      " axes longer than 0, found " + shape.str());
  }
  return shape;
}

// Counts prefix.0.suffix, prefix.1.suffix, and so on. There is at least one.
std::int64_t count_of(const Weights& weights, const std::string& prefix,
                      const std::string& suffix) {
  const auto name = [&](std::int64_t i) {
    std::string joined = prefix;
    return joined.append(std::to_string(i)).append(suffix);
  };
  std::int64_t count = 0;
  while (weights.find(name(count)) != nullptr) ++count;
  if (count == 0) throw WeightError("missing: " + name(0));
  return count;
}

void configure_stage(const Weights& weights, std::size_t stage, ResNetConfig& c) {
  const std::string layer = "backbone.layer" + std::to_string(stage + 1) + ".";
  c.blocks[stage] = count_of(weights, layer, ".conv1.weight");
  if (weights.find(layer + "0.conv3.weight") == nullptr) {
    throw UnsupportedError(
        "the backbone is no ResNet of bottleneck blocks (ResNet-50 and larger): there is no " +
        layer + "0.conv3");
  }
  c.planes[stage] = shape_of(weights, layer + "0.conv2.weight", 4)[0];
  c.channels[stage] = shape_of(weights, layer + "0.conv3.weight", 4)[0];
}

// Some settings change the network without a trace in its weights.
void require_supported(const Json& source) {
  const auto refuse = [&](std::string_view key, std::string_view supported) {
    const auto value = source.find(key);
    if (!value || value->string() == supported) return;
    throw UnsupportedError(value->place() + ": '" + value->string() + "'; only " +
                           std::string(supported) + " is supported");
  };
  refuse("activation_function", "relu");
  refuse("position_embedding_type", "sine");
}

Json list(const std::array<std::int64_t, ResNetConfig::kStages>& values) {
  Json json = Json::array();
  for (const std::int64_t value : values) json.push(value);
  return json;
}

std::array<std::int64_t, ResNetConfig::kStages> read_list(const Json& json, std::int64_t max) {
  std::array<std::int64_t, ResNetConfig::kStages> values = {};
  const std::vector<Json> items = json.items();
  if (items.size() != values.size()) json.fail("expected one number per stage, four in all");
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = items[i].integer(1, max);
  return values;
}

}  // namespace

DetrConfig configure_detr(const Weights& weights, const Json& source) {
  require_supported(source);
  DetrConfig c;
  c.backbone.stem = shape_of(weights, "backbone.conv1.weight", 4)[0];
  for (std::size_t stage = 0; stage < ResNetConfig::kStages; ++stage)
    configure_stage(weights, stage, c.backbone);
  c.dim = shape_of(weights, "input_proj.weight", 4)[0];
  c.ffn = shape_of(weights, "transformer.encoder.layers.0.linear1.weight", 2)[0];
  c.encoder_layers = count_of(weights, "transformer.encoder.layers.", ".norm1.weight");
  c.decoder_layers = count_of(weights, "transformer.decoder.layers.", ".norm1.weight");
  c.queries = shape_of(weights, "query_embed.weight", 2)[0];
  c.classes = shape_of(weights, "class_embed.weight", 2)[0] - 1;
  c.heads = kUsualHeads;
  // transformers has the first key, and --heads sets the second.
  for (const std::string_view key : {"encoder_attention_heads", "num_attention_heads"}) {
    if (const auto heads = source.find(key)) c.heads = heads->integer(1, kMaxHeads);
  }
  if (const auto dilation = source.find("dilation")) c.backbone.dilation = dilation->boolean();
  return DetrConfig::from_json(c.to_json());
}

DetrConfig DetrConfig::from_json(const Json& json) {
  DetrConfig c;
  c.backbone.stem = json.at("stem").integer(1, kMaxWidth);
  c.backbone.blocks = read_list(json.at("blocks"), kMaxLayers);
  c.backbone.planes = read_list(json.at("planes"), kMaxWidth);
  c.backbone.channels = read_list(json.at("channels"), kMaxWidth);
  c.backbone.dilation = json.at("dilation").boolean();
  c.dim = json.at("dim").integer(1, kMaxWidth);
  c.heads = json.at("heads").integer(1, kMaxHeads);
  c.ffn = json.at("ffn").integer(1, kMaxWidth);
  c.encoder_layers = json.at("encoder_layers").integer(1, kMaxLayers);
  c.decoder_layers = json.at("decoder_layers").integer(1, kMaxLayers);
  c.queries = json.at("queries").integer(1, kMaxQueries);
  c.classes = json.at("classes").integer(1, kMaxClasses);
  if (c.dim % c.heads != 0) json.fail("the heads do not divide the width");
  if (c.dim % 4 != 0) json.fail("sine positions need a width that 4 divides");
  return c;
}

Json DetrConfig::to_json() const {
  Json json = Json::object();
  json.set("stem", backbone.stem).set("blocks", list(backbone.blocks));
  json.set("planes", list(backbone.planes)).set("channels", list(backbone.channels));
  json.set("dilation", backbone.dilation).set("dim", dim).set("heads", heads).set("ffn", ffn);
  json.set("encoder_layers", encoder_layers).set("decoder_layers", decoder_layers);
  json.set("queries", queries).set("classes", classes);
  return json;
}

}  // namespace vitq
