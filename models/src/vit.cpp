// SPDX-License-Identifier: Apache-2.0
// ViT: "An Image is Worth 16x16 Words", arXiv:2010.11929. Weights carry timm's names.
#include "vit.h"

#include "blocks.h"

namespace vitq {
namespace {

std::vector<GraphOutput> trace(const Scope& s, Value image, const Json& json) {
  const VitConfig c = VitConfig::from_json(json);
  const Value x = vit_encoder(s, image, c);
  if (c.classes == 0) return feature_outputs(token(x, 0), x, c);
  return {{"logits", classify_token(s / "head", x, 0, c.classes).id}};  // equation (4)
}

Shape image_shape(const Json& config) {
  return VitConfig::from_json(config).image_shape();
}

Json configure(const Weights& weights, const Json& source) {
  return configure_vit(weights, source).to_json();
}

bool recognize(const Weights& weights, const Json& source) {
  const bool plain = weights.find("cls_token") != nullptr && weights.find("dist_token") == nullptr;
  if (const auto name = source.find("architecture"))
    return plain && name->string().starts_with("vit_");
  if (const auto type = source.find("model_type")) return type->string() == "vit";
  return plain;
}

}  // namespace

Value vit_block(const Scope& s, Value x, const VitConfig& c) {
  const Bias qkv_bias = c.qkv_bias ? Bias::kYes : Bias::kNo;
  x = x + self_attention(s / "attn", layer_norm(s / "norm1", x, c.eps), c.heads, qkv_bias);
  x = x + mlp(s / "mlp", layer_norm(s / "norm2", x, c.eps), c.mlp, c.act);
  return x;
}

Value vit_encoder(const Scope& s, Value image, const VitConfig& c) {
  const int patch = static_cast<int>(c.patch);
  Value x = to_tokens(conv2d(s / "patch_embed" / "proj", image,
                             {.channels = c.dim, .kernel = patch, .stride = patch}));
  // This is equation (1). DeiT puts its distillation token after the class token.
  if (c.dist_token) x = concat(s.param("dist_token", {1, 1, c.dim}), x, 1);
  x = concat(s.param("cls_token", {1, 1, c.dim}), x, 1);
  x = x + s.param("pos_embed", {1, x.shape()[1], c.dim});
  for (int i = 0; i < c.depth; ++i) x = vit_block(s / "blocks" / i, x, c);
  return layer_norm(s / "norm", x, c.eps);
}

Value token(Value tokens, std::int64_t index) {
  const Shape s = tokens.shape();
  return reshape(slice(tokens, 1, index, index + 1), {s[0], s[2]});
}

std::vector<GraphOutput> feature_outputs(Value features, Value tokens, const VitConfig& c) {
  const Shape s = tokens.shape();
  const Value patches = slice(tokens, 1, s[1] - c.patches(), s[1]);
  const Shape map = {s[0], c.image_height / c.patch, c.image_width / c.patch, s[2]};
  return {{"features", features.id}, {"tokens", reshape(patches, map).id}};
}

Value classify_token(const Scope& head, Value tokens, std::int64_t token, std::int64_t classes) {
  const Value row = slice(tokens, 1, token, token + 1);
  return reshape(linear(head, row, classes), {row.shape()[0], classes});
}

const Family kVit = {.name = "vit",
                     .title = "Vision Transformer (arXiv:2010.11929)",
                     .task = Task::kClassification,
                     .trace = trace,
                     .image_shape = image_shape,
                     .configure = configure,
                     .recognize = recognize,
                     .config_parts = vit_config_parts,
                     .dialects = kVitDialects};

}  // namespace vitq
