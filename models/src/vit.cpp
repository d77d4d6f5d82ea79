// SPDX-License-Identifier: Apache-2.0
// ViT: "An Image is Worth 16x16 Words", arXiv:2010.11929, and what became of it: DeiT III, DINOv2,
// the image towers of CLIP and SigLIP, I-JEPA. Weights carry timm's names.
#include "vit.h"

#include "blocks.h"
#include "vit_origin.h"

namespace vitq {
namespace {

using Positions = VitConfig::Positions;
using Pool = VitConfig::Pool;
using LastNorm = VitConfig::LastNorm;

// The network's own tokens, which come before the patches.
std::vector<Value> prefix_tokens(const Scope& s, const VitConfig& c) {
  std::vector<Value> own;
  if (c.class_token) own.push_back(s.param("cls_token", {1, 1, c.dim}));
  if (c.dist_token) own.push_back(s.param("dist_token", {1, 1, c.dim}));
  if (c.registers > 0) own.push_back(s.param("reg_token", {1, c.registers, c.dim}));
  return own;
}

// This is equation (1). DeiT puts its distillation token after the class token, DINOv2 registers.
Value embed(const Scope& s, Value image, const VitConfig& c) {
  const int patch = static_cast<int>(c.patch);
  Value x = to_tokens(conv2d(s / "patch_embed" / "proj", image,
                             {.channels = c.dim,
                              .kernel = patch,
                              .stride = patch,
                              .bias = c.patch_bias ? Bias::kYes : Bias::kNo}));
  std::vector<Value> own = prefix_tokens(s, c);
  const std::int64_t count = c.placed_prefix() + c.patches();
  const Value positions = s.param("pos_embed", {1, count, c.dim});
  if (c.positions == Positions::kPatches) x = x + positions;
  if (c.positions == Positions::kClassAndPatches) {
    own[0] = own[0] + slice(positions, 1, 0, 1);
    x = x + slice(positions, 1, 1, count);
  }
  for (auto token = own.rbegin(); token != own.rend(); ++token) x = concat(*token, x, 1);
  return c.positions == Positions::kAll ? x + positions : x;
}

// Multihead attention pooling of SigLIP, arXiv:2303.15343: one learned query and an MLP.
Value attention_pool(const Scope& s, Value x, const VitConfig& c) {
  const Value latent = s.param("latent", {1, 1, c.dim});
  const Value repeat =
      constant(s.graph(), "queries", Tensor({x.shape()[0], 1, c.dim}, DType::kF32));
  const Value q = split_heads(linear(s / "q", latent, c.dim) + repeat, c.heads);
  const Value k = split_heads(linear(s / "k", x, c.dim), c.heads);
  const Value v = split_heads(linear(s / "v", x, c.dim), c.heads);
  x = linear(s / "proj", merge_heads(attend(s, q, k, v)), c.dim);
  return x + mlp(s / "mlp", layer_norm(s / "norm", x, c.eps), c.mlp, c.act);
}

// [N, tokens, dim] -> [N, 1, pooled()]
Value pool(const Scope& s, Value x, const VitConfig& c) {
  const std::int64_t all = x.shape()[1];
  const auto token = [&](std::int64_t i) { return slice(x, 1, i, i + 1); };
  const auto patches = [&] { return c.prefix() == 0 ? x : slice(x, 1, c.prefix(), all); };
  switch (c.pool) {
    case Pool::kClass: break;
    case Pool::kAverage: return mean(patches());
    case Pool::kFirstTokens: return scale(token(0) + token(1), 0.5F);
    case Pool::kClassAndAverage: return concat(token(0), mean(patches()), 2);
    case Pool::kAttention: return attention_pool(s / "attn_pool", patches(), c);
  }
  return token(0);
}

std::vector<GraphOutput> trace(const Scope& s, Value image, const Json& json) {
  const VitConfig c = VitConfig::from_json(json);
  const Value x = vit_encoder(s, image, c);
  const Value features = vit_features(s, x, c);
  if (c.classes == 0) return feature_outputs(features, x, c);
  return {{"logits", classify(s / "head", features, c).id}};  // equation (4)
}

Shape image_shape(const Json& config) {
  return VitConfig::from_json(config).image_shape();
}

Json configure(const Weights& weights, const Json& source) {
  return configure_vit(weights, source).to_json();
}

bool recognize(const Weights& weights, const Json& source) {
  if (weights.find("dist_token") != nullptr) return false;
  if (source.contains("architecture")) return is_timm_vit(source.at("architecture").string());
  if (const auto type = source.find("model_type")) return is_transformers_vit(type->string());
  return weights.find("pos_embed") != nullptr || weights.find("blocks.0.norm1.weight") != nullptr;
}

}  // namespace

Value vit_block(const Scope& s, Value x, const VitConfig& c) {
  const Bias qkv_bias = c.qkv_bias ? Bias::kYes : Bias::kNo;
  const std::optional<float> qk_norm = c.qk_norm ? std::optional(c.eps) : std::nullopt;
  x = x + self_attention(s / "attn", layer_norm(s / "norm1", x, c.eps), c.heads, qkv_bias, qk_norm);
  const Value y = layer_norm(s / "norm2", x, c.eps);
  return x +
         (c.gated_mlp ? gated_mlp(s / "mlp", y, c.mlp, c.act) : mlp(s / "mlp", y, c.mlp, c.act));
}

Value vit_encoder(const Scope& s, Value image, const VitConfig& c) {
  Value x = embed(s, image, c);
  if (c.pre_norm) x = layer_norm(s / "norm_pre", x, c.eps);
  for (int i = 0; i < c.depth; ++i) x = vit_block(s / "blocks" / i, x, c);
  return c.last_norm == LastNorm::kTokens ? layer_norm(s / "norm", x, c.eps) : x;
}

Value vit_features(const Scope& s, Value x, const VitConfig& c) {
  Value y = pool(s, x, c);
  if (c.last_norm == LastNorm::kPooled) y = layer_norm(s / "fc_norm", y, c.eps);
  if (c.pooler) y = activate(linear(s / "pooler" / "dense", y, c.dim), Act::kTanh);
  return c.projection > 0 ? linear(s / "projection", y, c.projection, Bias::kNo) : y;
}

std::vector<GraphOutput> feature_outputs(Value features, Value tokens, const VitConfig& c) {
  const Shape s = tokens.shape();
  const Value patches = slice(tokens, 1, s[1] - c.patches(), s[1]);
  return {{"features", reshape(features, {s[0], features.shape()[2]}).id},
          {"tokens", reshape(patches, {s[0], c.rows(), c.columns(), s[2]}).id}};
}

Value classify(const Scope& head, Value row, const VitConfig& c) {
  if (c.unit_head) row = unit_length(row);
  const Bias bias = c.head_bias ? Bias::kYes : Bias::kNo;
  return reshape(linear(head, row, c.classes, bias), {row.shape()[0], c.classes});
}

const Family kVit = {.name = "vit",
                     .title = "Vision Transformer (arXiv:2010.11929)",
                     .task = Task::kClassification,
                     .trace = trace,
                     .image_shape = image_shape,
                     .configure = configure,
                     .recognize = recognize,
                     .config_parts = vit_config_parts,
                     .resize = resize_vit,
                     .resizes_at_run_time = resizes_at_run_time,
                     .dialects = kVitDialects};

}  // namespace vitq
