// SPDX-License-Identifier: Apache-2.0
// Every key of a checkpoint's config.json is honoured, known to have no effect, refused or
// reported.
#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <string>
#include <string_view>

#include "changed_checkpoints.h"
#include "support/temp_folder.h"
#include "vitq/convert.h"
#include "vitq/model.h"
#include "vitq/model_schemas.h"

using namespace vitq;
using namespace vitq::test;
namespace fs = std::filesystem;

namespace {

Tensor logits_of(const Checkpoint& source, const Tensor& input) {
  const TempFolder temp;
  const fs::path file = temp.path() / "model.safetensors";
  write_safetensors(file, convert(source, {}).weights, Overwrite::kNo);
  return Model::load(file, {.session = {.threads = 1}, .lower = {}}).run(input)[0];
}

double largest_difference(const Tensor& found, std::span<const float> wanted) {
  double largest = 0.0;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const double difference =
        static_cast<double>(found.as<float>()[i]) - static_cast<double>(wanted[i]);
    largest = std::max(largest, std::abs(difference));
  }
  return largest;
}

// A golden whose config.json has such an object, and what leads there.
struct Home {
  std::string_view schema;
  const char* golden;
  const char* path;
};

constexpr Home kHomes[] = {
    {"transformers, ViTConfig, DeiTConfig and IJepaConfig", "hf_vit", ""},
    {"transformers, Dinov2Config and Dinov2WithRegistersConfig", "hf_dinov2", ""},
    {"transformers, CLIPVisionConfig and SiglipVisionConfig", "hf_clip_vision", ""},
    {"transformers, CLIPConfig and SiglipConfig", "hf_clip", ""},
    {"transformers, YolosConfig", "hf_yolos", ""},
    {"transformers, DetrConfig, TableTransformerConfig and ConditionalDetrConfig", "hf_detr", ""},
    {"transformers, ResNetConfig as backbone_config", "hf_detr", "backbone_config."},
    {"transformers, TimmBackboneConfig as backbone_config", "hf_detr_dc5", "backbone_config."},
    {"transformers, backbone_kwargs", "hf_detr", "backbone_kwargs."},
    {"transformers, every config.json", "hf_deit", ""},
    {"timm, config.json", "timm_vit", ""},
    {"timm, model_args", "timm_vit", "model_args."}};

}  // namespace

TEST_CASE("the keys that transformers and timm write are all known") {
  for (const auto& entry : fs::directory_iterator(kGoldens)) {
    if (!fs::exists(entry.path() / "config.json")) continue;
    CAPTURE(entry.path().string());
    CHECK(convert(entry.path(), {}).unknown_keys.empty());
  }
}

TEST_CASE("goldens show each key that is honoured: another value gives other answers") {
  struct Case {
    const char* golden;
    const char* key;
    Json other;
  };
  const Case all[] = {{"hf_vit_multilabel", "hidden_act", "gelu"},
                      {"hf_vit_multilabel", "num_attention_heads", 3},
                      {"hf_vit_no_qkv_bias", "layer_norm_eps", 1e-12},
                      {"hf_dinov2_classes", "num_attention_heads", 4},
                      {"hf_dinov2_classes", "layer_norm_eps", 1e-6},
                      {"hf_dinov2_classes", "hidden_act", "relu"},
                      {"hf_clip_classes", "vision_config.hidden_act", "gelu_new"},
                      {"hf_clip_classes", "vision_config.layer_norm_eps", 1e-5},
                      {"hf_siglip_classes", "vision_config.num_attention_heads", 4},
                      {"timm_average", "model_args.global_pool", "token"},
                      {"timm_no_norm", "model_args.act_layer", "gelu"},
                      {"timm_vit_relu", "model_args.act_layer", "gelu"},
                      {"timm_vit_relu", "model_args.num_heads", 3},
                      {"hf_detr_keys", "auxiliary_loss", false},
                      {"hf_detr_keys", "activation_function", "relu"},
                      {"hf_detr_keys", "encoder_attention_heads", 4},
                      {"hf_detr_keys", "decoder_attention_heads", 8},
                      {"hf_detr_backbone", "backbone_config.hidden_act", "relu"},
                      {"hf_detr_backbone", "backbone_config.downsample_in_bottleneck", false},
                      {"hf_detr_backbone", "backbone_config.downsample_in_first_stage", false},
                      {"hf_detr_dc5", "backbone_config.output_stride", 32}};
  for (const Case& c : all) {
    CAPTURE(c.key);
    const Weights expected = read_safetensors(kGoldens / c.golden / "expected.safetensors");
    const std::span<const float> wanted = expected.at("logits").as<float>();
    CHECK(largest_difference(logits_of(checkpoint(c.golden), expected.at("input")), wanted) < 1e-3);
    CHECK(largest_difference(logits_of(changed(c.golden, c.key, c.other), expected.at("input")),
                             wanted) > 0.01);
  }
}

TEST_CASE("unknown keys are reported, at any depth") {
  const auto unknown = [](const char* name, const char* key) {
    return convert(changed(name, key, 7), {}).unknown_keys;
  };
  const auto check_only = [](const std::vector<std::string>& found, std::string_view place) {
    REQUIRE(found.size() == 1);
    CHECK(found[0].ends_with(place));
  };
  check_only(unknown("hf_vit", "window_size"), ": $.window_size");
  check_only(unknown("hf_detr", "backbone_config.groups"), ": $.backbone_config.groups");
  check_only(unknown("timm_vit", "model_args.rope"), ": $.model_args.rope");
}

TEST_CASE("every fixed key is refused by name at another value, and null is as if it were absent") {
  for (const ConfigSchema* schema : model_schemas()) {
    const Home* home = std::find_if(std::begin(kHomes), std::end(kHomes),
                                    [&](const Home& h) { return h.schema == schema->name; });
    REQUIRE_MESSAGE(home != std::end(kHomes), schema->name);
    for (const ConfigKey& key : schema->keys) {
      if (key.use != ConfigKey::Use::kFixed) continue;
      CAPTURE(key.name);
      const std::string place = home->path + std::string(key.name);
      const std::string text =
          refusal<UnsupportedError>(changed(home->golden, place, "of another kind"));
      CHECK_MESSAGE(
          text.find("config.json: $." + place + ": \"of another kind\"") != std::string::npos,
          text);
      CHECK_NOTHROW((void)convert(changed(home->golden, place, Json()), {}));
    }
  }
}

TEST_CASE("a schema has each key once, and nested ones below no other") {
  for (const ConfigSchema* schema : model_schemas()) {
    for (std::size_t i = 0; i < schema->keys.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        CHECK_MESSAGE(schema->keys[i].name != schema->keys[j].name, schema->keys[i].name);
      }
    }
  }
}

TEST_CASE("what config.json says of the tensors must be so") {
  struct Case {
    const char* golden;
    const char* key;
    Json value;
  };
  const Case all[] = {{"hf_vit", "hidden_size", 32},
                      {"hf_vit", "num_hidden_layers", 1},
                      {"hf_vit", "intermediate_size", 96},
                      {"hf_vit", "qkv_bias", false},
                      {"hf_vit", "patch_size", 8},
                      {"hf_dinov2", "use_swiglu_ffn", true},
                      {"hf_dinov2", "qkv_bias", false},
                      {"hf_clip_vision", "hidden_size", 8},
                      {"hf_clip", "vision_config.num_hidden_layers", 12},
                      {"hf_siglip", "vision_config.patch_size", 16},
                      {"timm_qk_norm", "model_args.qk_norm", false},
                      {"timm_clip", "model_args.pre_norm", false},
                      {"timm_dinov2", "model_args.class_token", false},
                      {"timm_vit", "model_args.depth", 12},
                      {"timm_vit", "model_args.embed_dim", 8},
                      {"hf_detr", "d_model", 64},
                      {"hf_detr", "encoder_layers", 1},
                      {"hf_detr", "decoder_layers", 6},
                      {"hf_detr", "num_queries", 100},
                      {"hf_detr", "encoder_ffn_dim", 64}};
  for (const Case& c : all) {
    const std::string text = refusal<FileError>(changed(c.golden, c.key, c.value));
    CHECK_MESSAGE(text.find(std::string("$.") + c.key) != std::string::npos, c.key, ": ", text);
  }
}

TEST_CASE("a backbone is dilated by every name that its origin reads, and by no other") {
  const Checkpoint base = checkpoint("hf_detr_dc5");
  const Json bare = without(base.config, "backbone_config");
  const Json kwargs = with(bare, "backbone_kwargs.output_stride", 16);
  struct Case {
    Json config;
    bool dilated;
  };
  const Case all[] = {
      {base.config, true},
      {with(base.config, "backbone_config.output_stride", 32), false},
      {with(base.config, "backbone_config.output_stride", Json()), false},
      {with(with(base.config, "backbone_config.output_stride", 32), "dilation", true), false},
      {bare, false},
      {with(bare, "dilation", true), true},
      {with(with(bare, "dilation", true), "use_timm_backbone", false), false},
      {kwargs, true},
      {with(kwargs, "dilation", true), true},
      {with(with(kwargs, "dilation", true), "backbone_kwargs.output_stride", 32), false}};
  for (const Case& c : all) {
    CAPTURE(c.config.dump());
    CHECK(convert(saying(base, c.config), {}).info.config.at("dilation").boolean() == c.dilated);
  }
  CHECK(!convert(changed("hf_detr", "dilation", true), {}).info.config.at("dilation").boolean());
}

TEST_CASE("an option dilates the backbone of a bare checkpoint, and of no other") {
  ConvertOptions options;
  const Converted plain = convert(checkpoint("fb_detr"), options);
  CHECK(plain.assumptions.front().find("--dilation") != std::string::npos);
  options.dilation = true;
  const Converted dilated = convert(checkpoint("fb_detr"), options);
  CHECK(!plain.info.config.at("dilation").boolean());
  CHECK(dilated.info.config.at("dilation").boolean());
  CHECK(dilated.assumptions.size() + 1 == plain.assumptions.size());
  CHECK(refusal<UnsupportedError>(checkpoint("hf_detr"), options).find("--dilation") !=
        std::string::npos);
  CHECK(refusal<UnsupportedError>(checkpoint("fb_deit"), options).find("--dilation") !=
        std::string::npos);
}

TEST_CASE("backbones that differ in what no tensor shows are refused by name") {
  for (const char* name : {"resnetblur50", "resnetaa50.a1h_in1k", "resnet50d.ra2_in1k"}) {
    const std::string text =
        refusal<UnsupportedError>(changed("hf_detr_dc5", "backbone_config.backbone", name));
    CHECK_MESSAGE(text.find(name) != std::string::npos, text);
  }
  CHECK_NOTHROW(
      convert(changed("hf_detr_dc5", "backbone_config.backbone", "resnet101.tv_in1k"), {}));
  CHECK(refusal<UnsupportedError>(changed("hf_detr", "backbone_config.model_type", "swin"))
            .find("'swin'") != std::string::npos);
}

TEST_CASE("what transformers' files leave out is as transformers has it") {
  const Checkpoint base = checkpoint("hf_vit");
  const Converted made = convert(saying(base, without(base.config, "num_attention_heads")), {});
  CHECK(made.info.config.at("heads").integer(1, 64) == 12);
  CHECK(made.assumptions.empty());
  const Converted eps = convert(saying(base, without(base.config, "layer_norm_eps")), {});
  CHECK(eps.info.config.at("eps").number() == static_cast<double>(1e-12F));
}
