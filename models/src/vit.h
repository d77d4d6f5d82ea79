// SPDX-License-Identifier: Apache-2.0
// This header has the configuration and encoder of a vision transformer, which DeiT shares.
#pragma once

#include "vitq/family.h"

namespace vitq {

// More heads, and larger images, are refused.
inline constexpr std::int64_t kMaxVitHeads = 64;
inline constexpr std::int64_t kMaxVitImage = 8192;

struct VitConfig {
  // Tokens that pos_embed has rows for: all of them, the class token and the patches, or these
  // alone.
  enum class Positions { kAll, kClassAndPatches, kPatches };
  // Where the last norm is: before the pooling on all tokens, after it, or nowhere.
  enum class LastNorm { kTokens, kPooled, kNone };
  // What stands for the image. It is the class token, the mean of the patches, or the mean of the
  // class and distillation tokens. It may be the class token and the mean of the patches side by
  // side, or what a learned query attends to (SigLIP's multihead attention pooling).
  enum class Pool { kClass, kAverage, kFirstTokens, kClassAndAverage, kAttention };

  std::int64_t image_height = 224, image_width = 224;
  std::int64_t patch = 16;
  std::int64_t dim = 768;
  std::int64_t depth = 12;
  std::int64_t heads = 12;
  std::int64_t mlp = 3072;      // width of what fc2 reads
  std::int64_t classes = 1000;  // 0: it answers features
  float eps = 1e-6F;            // of the layer norms
  Act act = Act::kGelu;         // of the MLPs
  bool qkv_bias = true;
  bool dist_token = false;  // DeiT's distillation token, after the class token
  bool dist_head = false;   // and its own head, averaged with the class token's
  // Files before format 5 have none of the following keys, which then are as here.
  bool class_token = true;
  std::int64_t registers = 0;  // further tokens, after the class token
  Positions positions = Positions::kAll;
  bool patch_bias = true;
  bool pre_norm = false;   // of all tokens, before the blocks
  bool qk_norm = false;    // of the queries and keys of each head
  bool gated_mlp = false;  // act(first half of fc1) times the second half, as SwiGLU
  LastNorm last_norm = LastNorm::kTokens;
  Pool pool = Pool::kClass;
  bool pooler = false;          // a linear layer and tanh on what was pooled, as BERT has
  std::int64_t projection = 0;  // width of a linear layer after it, as CLIP has; 0: none
  bool head_bias = true;
  bool unit_head = false;  // the head reads features of length 1: it is zero-shot

  // The canonical form is that of model files. Throws FileError for values that are outside the
  // documented limits or contradict each other.
  static VitConfig from_json(const Json& json);
  Json to_json() const;

  std::int64_t rows() const { return image_height / patch; }
  std::int64_t columns() const { return image_width / patch; }
  std::int64_t patches() const { return rows() * columns(); }
  // Tokens before the patches, and how many of these have positions.
  std::int64_t prefix() const { return (class_token ? 1 : 0) + (dist_token ? 1 : 0) + registers; }
  std::int64_t placed_prefix() const {
    if (positions == Positions::kAll) return prefix();
    return positions == Positions::kClassAndPatches ? 1 : 0;
  }
  // Width of what is pooled, and of what the head reads.
  std::int64_t pooled() const { return pool == Pool::kClassAndAverage ? 2 * dim : dim; }
  std::int64_t features() const { return projection > 0 ? projection : pooled(); }
  Shape image_shape() const { return {3, image_height, image_width}; }
};

// Finds sizes in the shapes of canonically named weights, and the rest in timm's or transformers'
// config.json.
VitConfig configure_vit(const Weights& weights, const Json& source);
// Resamples the positions for images of `height` x `width` pixels, as the origin of `source` does.
void resize_vit(Weights& weights, Json& config, const Json& source, ImageSize size);
// Whether the origin does so at run time for any image, as transformers' DINOv2.
bool resizes_at_run_time(const Json& source);

// Records a block, equations (2) and (3) of arXiv:2010.11929, on tokens [N, T, dim].
Value vit_block(const Scope& scope, Value x, const VitConfig& config);

// Records equations (1) to (3) of arXiv:2010.11929 and the norm of all tokens: [N, 3, H, W] ->
// [N, tokens, dim]. The class token comes first, and the patches come last.
Value vit_encoder(const Scope& scope, Value image, const VitConfig& config);
// Records what stands for the image: [N, tokens, dim] -> [N, 1, features()].
Value vit_features(const Scope& scope, Value tokens, const VitConfig& config);
// Lists the outputs of a network without classes, of what the two above give.
std::vector<GraphOutput> feature_outputs(Value features, Value tokens, const VitConfig& config);

// Passes one row through a head: [N, 1, width] -> [N, classes].
Value classify(const Scope& head, Value row, const VitConfig& config);

// Plain and distilled vision transformers have these dialects.
extern const std::span<const Dialect> kVitDialects;

// Says which schemas list the keys of timm's and transformers' config.json.
std::vector<ConfigPart> vit_config_parts(const Json& source);

extern const Family kVit;
extern const Family kDeit;

}  // namespace vitq
