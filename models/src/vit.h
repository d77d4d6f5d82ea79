// SPDX-License-Identifier: Apache-2.0
// The vision transformer's configuration and encoder, which DeiT shares.
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
  std::int64_t classes = 1000;
  float eps = 1e-6F;  // of the layer norms
  bool qkv_bias = true;
  bool dist_token = false;  // DeiT's distillation token, after the class token
  bool dist_head = false;   // and its own head, averaged with the class token's

  // Canonical form, as stored in model files. Throws FileError for values outside the documented
  // limits or that contradict each other.
  static VitConfig from_json(const Json& json);
  Json to_json() const;

  std::int64_t patches() const { return (image_height / patch) * (image_width / patch); }
  Shape image_shape() const { return {3, image_height, image_width}; }
};

// Sizes from the shapes of canonically named weights, the rest from timm's or transformers'
// config.json.
VitConfig configure_vit(const Weights& weights, const Json& source);

// Equations (1) to (3) of arXiv:2010.11929 and the final layer norm: [N, 3, H, W] ->
// [N, tokens, dim], the class token first.
Value vit_encoder(const Scope& scope, Value image, const VitConfig& config);

// The dialects of plain and distilled vision transformers.
extern const std::span<const Dialect> kVitDialects;

// This token's row of the encoder's output through a head: [N, tokens, dim] -> [N, classes].
Value classify_token(const Scope& head, Value tokens, std::int64_t token, std::int64_t classes);

extern const Family kVit;
extern const Family kDeit;

}  // namespace vitq
