// SPDX-License-Identifier: Apache-2.0
// This file has the canonical configuration of a ResNet, and finds it out from a checkpoint.
#include <algorithm>

#include "config_read.h"
#include "resnet.h"
#include "vitq/error.h"

namespace vitq {
namespace {

constexpr std::int64_t kMaxLayers = 128;
constexpr std::int64_t kMaxWidth = 65536;

// Blocks of three convolutions are bottlenecks, and blocks of two are basic.
void configure_stage(const Weights& weights, std::size_t stage, ResNetConfig& c) {
  const std::string layer = "backbone.layer" + std::to_string(stage + 1) + ".";
  c.blocks[stage] = count_of(weights, layer, ".conv1.weight");
  const std::string last = layer + (c.bottleneck ? "0.conv3.weight" : "0.conv2.weight");
  const std::string inner = layer + (c.bottleneck ? "0.conv2.weight" : "0.conv1.weight");
  c.planes[stage] = shape_of(weights, inner, 4)[0];
  c.channels[stage] = shape_of(weights, last, 4)[0];
}

// timm has many networks of these tensors' names. Others differ in what no tensor shows, such as
// pooling before a stride.
void require_plain_resnet(const Json& name) {
  constexpr std::array<std::string_view, 20> kPlain = {"resnet18",
                                                       "resnet26",
                                                       "resnet34",
                                                       "resnet50",
                                                       "resnet101",
                                                       "resnet152",
                                                       "wide_resnet50_2",
                                                       "wide_resnet101_2",
                                                       "gluon_resnet18_v1b",
                                                       "gluon_resnet34_v1b",
                                                       "gluon_resnet50_v1b",
                                                       "gluon_resnet101_v1b",
                                                       "tv_resnet34",
                                                       "tv_resnet50",
                                                       "tv_resnet101",
                                                       "tv_resnet152",
                                                       "microsoft/resnet-18",
                                                       "microsoft/resnet-34",
                                                       "microsoft/resnet-50",
                                                       "microsoft/resnet-101"};
  const std::string text = name.string();
  const std::string_view base = std::string_view(text).substr(0, text.find('.'));  // timm's tag off
  if (std::find(kPlain.begin(), kPlain.end(), base) != kPlain.end()) return;
  throw UnsupportedError(name.place() + ": the backbone '" + text +
                         "'; plain ResNets are supported, as resnet18 and resnet50");
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

ResNetConfig configure_resnet(const Weights& weights, const Json& source) {
  ResNetConfig c;
  c.stem = shape_of(weights, "backbone.conv1.weight", 4)[0];
  c.bottleneck = weights.find("backbone.layer1.0.conv3.weight") != nullptr;
  for (std::size_t stage = 0; stage < ResNetConfig::kStages; ++stage)
    configure_stage(weights, stage, c);
  configure_backbone(source, c);
  return c;
}

ResNetConfig ResNetConfig::from_json(const Json& json) {
  ResNetConfig c;
  c.stem = json.at("stem").integer(1, kMaxWidth);
  c.blocks = read_list(json.at("blocks"), kMaxLayers);
  c.planes = read_list(json.at("planes"), kMaxWidth);
  c.channels = read_list(json.at("channels"), kMaxWidth);
  c.dilation = json.at("dilation").boolean();
  // Files before format 4 have one value of these, and those before format 5 have bottlenecks.
  c.stride_in_first = is_set(json, "stride_in_first");
  c.first_stage_strides = is_set(json, "first_stage_strides");
  if (const auto act = json.find("backbone_act")) c.act = read_act(*act);
  const auto bottleneck = json.find("bottleneck");
  c.bottleneck = !bottleneck || bottleneck->boolean();
  return c;
}

void ResNetConfig::put_into(Json& json) const {
  json.set("stem", stem).set("bottleneck", bottleneck).set("blocks", list(blocks));
  json.set("planes", list(planes)).set("channels", list(channels));
  json.set("dilation", dilation).set("stride_in_first", stride_in_first);
  json.set("first_stage_strides", first_stage_strides).set("backbone_act", name_of(act));
}

}  // namespace vitq
