// SPDX-License-Identifier: Apache-2.0
// This file says how checkpoints of ViT and DeiT name their tensors. Canonical names are timm's,
// which Facebook's DeiT shares.
#include "vit.h"

namespace vitq {
namespace {

constexpr std::string_view kPrefixes[] = {"vit.", "deit."};
constexpr std::string_view kIgnore[] = {"pooler.dense.*"};

constexpr Rename kEmbeddingsAndHeads[] = {
    {"embeddings.cls_token", "cls_token"},
    {"embeddings.distillation_token", "dist_token"},
    {"embeddings.position_embeddings", "pos_embed"},
    {"embeddings.patch_embeddings.projection.*", "patch_embed.proj.*"},
    {"layernorm.*", "norm.*"},
    {"classifier.*", "head.*"},
    {"cls_classifier.*", "head.*"},
    {"distillation_classifier.*", "head_dist.*"},
    // transformers before 5
    {"encoder.layer.*.attention.output.dense.*", "blocks.*.attn.proj.*"},
    {"encoder.layer.*.intermediate.dense.*", "blocks.*.mlp.fc1.*"},
    {"encoder.layer.*.output.dense.*", "blocks.*.mlp.fc2.*"},
    {"encoder.layer.*.layernorm_before.*", "blocks.*.norm1.*"},
    {"encoder.layer.*.layernorm_after.*", "blocks.*.norm2.*"},
    // transformers from 5 on
    {"layers.*.attention.o_proj.*", "blocks.*.attn.proj.*"},
    {"layers.*.mlp.*.*", "blocks.*.mlp.*.*"},
    {"layers.*.layernorm_before.*", "blocks.*.norm1.*"},
    {"layers.*.layernorm_after.*", "blocks.*.norm2.*"},
};

constexpr Join kQkv[] = {
    {{"encoder.layer.*.attention.attention.query.*", "encoder.layer.*.attention.attention.key.*",
      "encoder.layer.*.attention.attention.value.*"},
     "blocks.*.attn.qkv.*"},
    {{"layers.*.attention.q_proj.*", "layers.*.attention.k_proj.*", "layers.*.attention.v_proj.*"},
     "blocks.*.attn.qkv.*"},
};

constexpr Rename kTorchvision[] = {
    {"class_token", "cls_token"},
    {"conv_proj.*", "patch_embed.proj.*"},
    {"encoder.pos_embedding", "pos_embed"},
    {"encoder.ln.*", "norm.*"},
    {"heads.head.*", "head.*"},
    {"encoder.layers.encoder_layer_*.ln_1.*", "blocks.*.norm1.*"},
    {"encoder.layers.encoder_layer_*.ln_2.*", "blocks.*.norm2.*"},
    {"encoder.layers.encoder_layer_*.self_attention.in_proj_weight", "blocks.*.attn.qkv.weight"},
    {"encoder.layers.encoder_layer_*.self_attention.in_proj_bias", "blocks.*.attn.qkv.bias"},
    {"encoder.layers.encoder_layer_*.self_attention.out_proj.*", "blocks.*.attn.proj.*"},
    {"encoder.layers.encoder_layer_*.mlp.0.*", "blocks.*.mlp.fc1.*"},
    {"encoder.layers.encoder_layer_*.mlp.3.*", "blocks.*.mlp.fc2.*"},
    // torchvision before 0.14
    {"encoder.layers.encoder_layer_*.mlp.linear_1.*", "blocks.*.mlp.fc1.*"},
    {"encoder.layers.encoder_layer_*.mlp.linear_2.*", "blocks.*.mlp.fc2.*"},
};

constexpr Dialect kDialects[] = {
    {.name = "Hugging Face",
     .mark = "embeddings.cls_token",
     .strip = kPrefixes,
     .renames = kEmbeddingsAndHeads,
     .joins = kQkv,
     .ignore = kIgnore},
    {.name = "timm",
     .mark = "cls_token",
     .strip = kPrefixes,
     .renames = {},
     .joins = {},
     .ignore = {}},
    {.name = "torchvision",
     .mark = "class_token",
     .strip = {},
     .renames = kTorchvision,
     .joins = {},
     .ignore = {}},
};

}  // namespace

constinit const std::span<const Dialect> kVitDialects = kDialects;

}  // namespace vitq
