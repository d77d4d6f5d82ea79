// SPDX-License-Identifier: Apache-2.0
// This header has the configuration and encoder of a vision transformer, which DeiT shares.
#pragma once

#include "vitq/family.h"

namespace vitq {

struct VitConfig {
  std::int64_t image_height = 224, image_width = 224;
  std::int64_t patch = 16;
  std::int64_t dim = 768;
  std::int64_t depth = 12;
  std::int64_t heads = 12;
  std::int64_t mlp = 3072;
  std::int64_t classes = 1000;  // 0: it answers features
  float eps = 1e-6F;            // of the layer norms
  Act act = Act::kGelu;         // of the MLPs
  bool qkv_bias = true;
  bool dist_token = false;  // DeiT's distillation token, after the class token
  bool dist_head = false;   // and its own head, averaged with the class token's

  // The canonical form is that of model files. Throws FileError for values that are outside the
  // documented limits or contradict each other.
  static VitConfig from_json(const Json& json);
  Json to_json() const;

  std::int64_t patches() const { return (image_height / patch) * (image_width / patch); }
  Shape image_shape() const { return {3, image_height, image_width}; }
};

// Finds sizes in the shapes of canonically named weights, and the rest in timm's or transformers'
// config.json.
VitConfig configure_vit(const Weights& weights, const Json& source);

// Records a block, equations (2) and (3) of arXiv:2010.11929, on tokens [N, T, dim].
Value vit_block(const Scope& scope, Value x, const VitConfig& config);

// Records equations (1) to (3) of arXiv:2010.11929 and the final layer norm: [N, 3, H, W] ->
// [N, tokens, dim]. The class token comes first.
Value vit_encoder(const Scope& scope, Value image, const VitConfig& config);

// Plain and distilled vision transformers have these dialects.
extern const std::span<const Dialect> kVitDialects;

// Answers this token of the encoder's output: [N, tokens, dim] -> [N, dim].
Value token(Value tokens, std::int64_t index);

// Lists the outputs of a network without a head. `tokens` are the encoder's output, which ends in
// the patches.
std::vector<GraphOutput> feature_outputs(Value features, Value tokens, const VitConfig& config);

// Passes this token of the encoder's output through a head: [N, tokens, dim] -> [N, classes].
Value classify_token(const Scope& head, Value tokens, std::int64_t token, std::int64_t classes);

// Says which schemas list the keys of timm's and transformers' config.json.
std::vector<ConfigPart> vit_config_parts(const Json& source);

extern const Family kVit;
extern const Family kDeit;

}  // namespace vitq
