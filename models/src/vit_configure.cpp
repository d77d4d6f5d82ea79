// SPDX-License-Identifier: Apache-2.0
// Finds the configuration of a vision transformer in the shapes and the config.json of a
// checkpoint.
#include <array>
#include <cmath>

#include "config_read.h"
#include "vit_origin.h"
#include "vitq/error.h"

namespace vitq {
namespace {

using Positions = VitConfig::Positions;
using Pool = VitConfig::Pool;
using LastNorm = VitConfig::LastNorm;

// Heads have 64 channels each in most published networks of timm, and these others.
std::int64_t usual_heads(const VitOrigin& o, const VitConfig& c) {
  constexpr std::int64_t kFirstWide = 1152;
  constexpr std::int64_t kGiant = 1536;
  if (o.named("vit_base_patch16_gap_224")) return 16;
  if (c.dim == kGiant && (c.gated_mlp || o.named("_radio_"))) return 24;
  return c.dim >= kFirstWide ? 16 : c.dim / 64;
}

// One message names all of what no such network is without.
void require_outlines(const Weights& weights) {
  std::string missing;
  for (const char* name : {"patch_embed.proj.weight", "pos_embed", "blocks.0.norm1.weight",
                           "blocks.0.mlp.fc1.weight", "blocks.0.mlp.fc2.weight"}) {
    if (weights.find(name) == nullptr) missing += std::string("\n  missing: ") + name;
  }
  if (!missing.empty()) throw WeightError("tensors do not make a whole network:" + missing);
}

std::int64_t depth_of(const Weights& weights) {
  std::int64_t depth = 0;
  while (weights.find("blocks." + std::to_string(depth) + ".norm1.weight") != nullptr) ++depth;
  return depth;
}

// What config.json says of the tensors must be so. All that is not is named at once.
class Contradictions {
 public:
  template <typename T>
  void require(const Json& source, std::string_view key, T found) {
    attempt([&] { require_same(source, key, found); });
  }
  template <typename Check>
  void attempt(const Check& check) {
    try {
      check();
    } catch (const FileError& error) {
      if (++count_ > 1) text_ += "\n  ";
      text_ += error.what();
    }
  }
  void raise() const {
    if (count_ == 0) return;
    throw FileError(Fault::kMalformed, "config.json contradicts the tensors",
                    (count_ > 1 ? "\n  " : "") + text_);
  }

 private:
  std::string text_;
  int count_ = 0;
};

void require_patch(const Json& source, std::int64_t patch) {
  const auto stated = source.find("patch_size");
  if (!stated) return;
  const std::vector<Json> sides = stated->is_array() ? stated->items() : std::vector<Json>{*stated};
  for (const Json& side : sides) {
    if (side.is_number() && side.number() == static_cast<double>(patch)) continue;
    stated->fail("found " + stated->dump() + ", but the tensors say " + std::to_string(patch));
  }
}

void require_sizes(const VitConfig& c, const VitOrigin& o) {
  Contradictions wrong;
  wrong.require(o.keys, "hidden_size", c.dim);
  wrong.require(o.keys, "num_hidden_layers", c.depth);
  wrong.require(o.keys, "intermediate_size", c.mlp);
  wrong.require(o.keys, "use_swiglu_ffn", c.gated_mlp);
  wrong.require(o.keys, "embed_dim", c.dim);
  wrong.require(o.keys, "depth", c.depth);
  wrong.require(o.keys, "qkv_bias", c.qkv_bias);
  wrong.require(o.keys, "qk_norm", c.qk_norm);
  wrong.require(o.keys, "pre_norm", c.pre_norm);
  wrong.require(o.keys, "class_token", c.class_token);
  wrong.attempt([&] { require_patch(o.keys, c.patch); });
  wrong.raise();
}

// Says which tokens have positions, where `count` tokens do.
Positions positions_of(const VitConfig& c, const VitOrigin& o, std::int64_t count) {
  if (o.is("dinov2_with_registers")) return Positions::kClassAndPatches;
  if (o.transformers || c.prefix() == 0) return Positions::kAll;
  if (const auto stated = o.keys.find("no_embed_class"))
    return stated->boolean() ? Positions::kPatches : Positions::kAll;
  if (o.image) {
    const std::int64_t patches = (o.image->height / c.patch) * (o.image->width / c.patch);
    return count == patches ? Positions::kPatches : Positions::kAll;
  }
  const auto side = std::llround(std::sqrt(static_cast<double>(count)));
  return side * side == count ? Positions::kPatches : Positions::kAll;
}

void set_image_size(VitConfig& c, const VitOrigin& o, std::int64_t patches) {
  if (o.image) {
    c.image_height = o.image->height;
    c.image_width = o.image->width;
  } else {
    const auto side =
        static_cast<std::int64_t>(std::llround(std::sqrt(static_cast<double>(patches))));
    if (side * side != patches) {
      throw WeightError(
          "pos_embed has " + std::to_string(patches) +
          " patches, which are no square: the image size must be stated in config.json");
    }
    c.image_height = c.image_width = side * c.patch;
  }
  if (c.patches() == patches) return;
  throw WeightError("pos_embed has " + std::to_string(patches) + " patches, but an image of " +
                    std::to_string(c.image_height) + " x " + std::to_string(c.image_width) +
                    " has " + std::to_string(c.patches()));
}

// Tokens are there where tensors are. What config.json says of them counts, too, so that a missing
// tensor is missed.
void set_tokens(VitConfig& c, const VitOrigin& o, const Weights& weights) {
  const bool can_lack = o.transformers ? o.name.starts_with("siglip") || o.name == "ijepa"
                                       : o.name.empty() || (o.pool && *o.pool != Pool::kClass);
  c.class_token = weights.find("cls_token") != nullptr || !can_lack;
  c.dist_token = weights.find("dist_token") != nullptr;
  c.dist_head = weights.find("head_dist.weight") != nullptr;
  const bool registers = weights.find("reg_token") != nullptr;
  c.registers = o.registers.value_or(registers ? shape_of(weights, "reg_token", 3)[1] : 0);
}

Pool pool_of(const VitConfig& c, const VitOrigin& o, const Weights& weights) {
  const bool features = c.classes == 0;
  if (!o.transformers) {
    if (c.dist_token) return features ? Pool::kFirstTokens : Pool::kClass;
    if (o.pool) return *o.pool;
    if (weights.find("attn_pool.latent") != nullptr) return Pool::kAttention;
    const bool average = !c.class_token || weights.find("fc_norm.weight") != nullptr;
    return average ? Pool::kAverage : Pool::kClass;
  }
  if (features) return o.pool.value_or(Pool::kClass);
  if (o.name.starts_with("dinov2")) return Pool::kClassAndAverage;
  const bool average = o.name.starts_with("clip") || o.name.starts_with("siglip");
  return average || o.name == "ijepa" ? Pool::kAverage : Pool::kClass;
}

void set_head(VitConfig& c, const VitOrigin& o, const Weights& weights) {
  const bool head = weights.find("head.weight") != nullptr;
  if (!head && o.classifier) {
    throw WeightError("missing: head.weight: config.json says that there is a classifier");
  }
  c.classes = head ? shape_of(weights, "head.weight", 2)[0] : 0;
  c.head_bias = !head || weights.find("head.bias") != nullptr;
  c.pool = pool_of(c, o, weights);
  const bool pooled = weights.find("fc_norm.weight") != nullptr;
  const bool unnormed = o.no_norm || (head && o.transformers && o.name.starts_with("clip"));
  c.last_norm = pooled ? LastNorm::kPooled : unnormed ? LastNorm::kNone : LastNorm::kTokens;
  c.pooler = weights.find("pooler.dense.weight") != nullptr;
  const bool projection = weights.find("projection.weight") != nullptr;
  if (projection) c.projection = shape_of(weights, "projection.weight", 2)[0];
  if (!projection && o.projection && !head) {
    throw WeightError("missing: projection.weight: config.json says that there is a projection");
  }
}

}  // namespace

VitConfig configure_vit(const Weights& weights, const Json& source) {
  const VitOrigin o = vit_origin(source);
  require_outlines(weights);
  const Shape& patch = shape_of(weights, "patch_embed.proj.weight", 4);
  VitConfig c;
  c.dim = patch[0];
  c.patch = patch[2];
  c.depth = depth_of(weights);
  c.mlp = shape_of(weights, "blocks.0.mlp.fc2.weight", 2)[1];
  c.gated_mlp = shape_of(weights, "blocks.0.mlp.fc1.weight", 2)[0] == 2 * c.mlp;
  c.qkv_bias = weights.find("blocks.0.attn.qkv.bias") != nullptr;
  c.qk_norm = weights.find("blocks.0.attn.q_norm.weight") != nullptr;
  c.pre_norm = weights.find("norm_pre.weight") != nullptr;
  c.patch_bias = !c.pre_norm;  // as timm and transformers have it
  set_tokens(c, o, weights);
  set_head(c, o, weights);
  c.heads = o.heads ? *o.heads : usual_heads(o, c);
  c.eps = o.eps;
  c.act = c.gated_mlp ? Act::kSilu : o.act;
  require_sizes(c, o);
  const std::int64_t rows = shape_of(weights, "pos_embed", 3)[1];
  c.positions = positions_of(c, o, rows);
  set_image_size(c, o, rows - c.placed_prefix());
  return VitConfig::from_json(c.to_json());
}

void resize_vit(Weights& weights, Json& config, const Json& source, ImageSize size) {
  VitConfig c = VitConfig::from_json(config);
  op::Resample grid = {
      .begin = c.placed_prefix(), .from_height = c.rows(), .from_width = c.columns()};
  c.image_height = size.height;
  c.image_width = size.width;
  config = VitConfig::from_json(c.to_json()).to_json();
  grid.height = c.rows();
  grid.width = c.columns();
  if (grid.height == grid.from_height && grid.width == grid.from_width) return;
  Tensor& positions = weights.tensors.at("pos_embed");
  positions = resampled(positions.to_f32(), grid, vit_origin(source).resampling);
}

bool resizes_at_run_time(const Json& source) {
  return vit_origin(source).transformers && vit_origin(source).name.starts_with("dinov2");
}

}  // namespace vitq
