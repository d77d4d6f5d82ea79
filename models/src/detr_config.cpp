// SPDX-License-Identifier: Apache-2.0
// This file has the canonical configuration of a DETR, and finds it out from a checkpoint.
#include <algorithm>

#include "config_read.h"
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

// timm has many networks of these tensors' names. Others differ in what no tensor shows, such as
// pooling before a stride.
void require_plain_resnet(const Json& name) {
  constexpr std::array<std::string_view, 13> kPlain = {"resnet26",
                                                       "resnet50",
                                                       "resnet101",
                                                       "resnet152",
                                                       "wide_resnet50_2",
                                                       "wide_resnet101_2",
                                                       "gluon_resnet50_v1b",
                                                       "gluon_resnet101_v1b",
                                                       "tv_resnet50",
                                                       "tv_resnet101",
                                                       "tv_resnet152",
                                                       "microsoft/resnet-50",
                                                       "microsoft/resnet-101"};
  const std::string text = name.string();
  const std::string_view base = std::string_view(text).substr(0, text.find('.'));  // timm's tag off
  if (std::find(kPlain.begin(), kPlain.end(), base) != kPlain.end()) return;
  throw UnsupportedError(name.place() + ": the backbone '" + text +
                         "'; plain ResNets of bottleneck blocks are supported, as resnet50");
}

bool is_set(const Json& json, std::string_view key) {
  const auto value = json.find(key);
  return value && value->boolean();
}

// Reads the backbone as DetrConfig and DetrConvEncoder do. Only without a configuration of its own
// it is timm's by default, and "dilation" counts.
void configure_backbone(const Json& source, ResNetConfig& c) {
  constexpr std::int64_t kDilated = 16;
  constexpr std::int64_t kMaxStride = 32;
  const auto own = source.find("backbone_config");
  const auto name = own ? own->find("backbone") : source.find("backbone");
  if (name) require_plain_resnet(*name);
  if (own) {
    c.stride_in_first = is_set(*own, "downsample_in_bottleneck");
    c.first_stage_strides = is_set(*own, "downsample_in_first_stage");
    if (const auto act = own->find("hidden_act")) c.act = read_act(*act);
    const auto stride = own->find("output_stride");
    c.dilation = stride && stride->integer(1, kMaxStride) == kDilated;
    return;
  }
  const auto of_timm = source.find("use_timm_backbone");
  if (of_timm && !of_timm->boolean()) return;
  const auto stride = source.find("backbone_kwargs").value_or(Json::object()).find("output_stride");
  c.dilation = stride ? stride->integer(1, kMaxStride) == kDilated : is_set(source, "dilation");
}

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

// Reads what model files say from format 4 on. Before it there was one value.
void read_format4(const Json& json, DetrConfig& c) {
  c.backbone.stride_in_first = is_set(json, "stride_in_first");
  c.backbone.first_stage_strides = is_set(json, "first_stage_strides");
  c.normalize_each = is_set(json, "normalize_each");
  if (const auto act = json.find("backbone_act")) c.backbone.act = read_act(*act);
  if (const auto act = json.find("act")) c.act = read_act(*act);
}

}  // namespace

DetrConfig configure_detr(const Weights& weights, const Json& source) {
  DetrConfig c;
  c.backbone.stem = shape_of(weights, "backbone.conv1.weight", 4)[0];
  for (std::size_t stage = 0; stage < ResNetConfig::kStages; ++stage)
    configure_stage(weights, stage, c.backbone);
  c.dim = shape_of(weights, "input_proj.weight", 4)[0];
  c.ffn = shape_of(weights, "transformer.encoder.layers.0.linear1.weight", 2)[0];
  c.decoder_ffn = shape_of(weights, "transformer.decoder.layers.0.linear1.weight", 2)[0];
  c.encoder_layers = count_of(weights, "transformer.encoder.layers.", ".norm1.weight");
  c.decoder_layers = count_of(weights, "transformer.decoder.layers.", ".norm1.weight");
  c.queries = shape_of(weights, "query_embed.weight", 2)[0];
  c.classes = shape_of(weights, "class_embed.weight", 2)[0] - 1;
  configure_heads(source, c);
  configure_backbone(source, c.backbone);
  if (const auto act = source.find("activation_function")) c.act = read_act(*act);
  c.normalize_each = is_set(source, "auxiliary_loss");
  require_sizes(c, source);
  return DetrConfig::from_json(c.to_json());
}

DetrConfig DetrConfig::from_json(const Json& json) {
  DetrConfig c;
  c.backbone.stem = json.at("stem").integer(1, kMaxWidth);
  c.backbone.blocks = read_list(json.at("blocks"), kMaxLayers);
  c.backbone.planes = read_list(json.at("planes"), kMaxWidth);
  c.backbone.channels = read_list(json.at("channels"), kMaxWidth);
  c.backbone.dilation = json.at("dilation").boolean();
  read_format4(json, c);
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
  json.set("stem", backbone.stem).set("blocks", list(backbone.blocks));
  json.set("planes", list(backbone.planes)).set("channels", list(backbone.channels));
  json.set("dilation", backbone.dilation).set("stride_in_first", backbone.stride_in_first);
  json.set("first_stage_strides", backbone.first_stage_strides);
  json.set("backbone_act", name_of(backbone.act));
  json.set("dim", dim).set("heads", heads).set("decoder_heads", decoder_heads).set("ffn", ffn);
  json.set("decoder_ffn", decoder_ffn);
  json.set("act", name_of(act)).set("normalize_each", normalize_each);
  json.set("encoder_layers", encoder_layers).set("decoder_layers", decoder_layers);
  json.set("queries", queries).set("classes", classes);
  return json;
}

}  // namespace vitq
