// SPDX-License-Identifier: Apache-2.0
// This file says how checkpoints of vision transformers name their tensors. Canonical names are
// timm's, which Facebook's DeiT shares. LayerScale is folded into the layers before it.
#include "vit.h"

namespace vitq {
namespace {

constexpr std::string_view kPrefixes[] = {"vit.", "deit.", "dinov2.", "dinov2_with_registers.",
                                          "ijepa."};
constexpr std::string_view kMask[] = {"embeddings.mask_token"};
constexpr std::string_view kPooler[] = {"pooler.dense.*"};

constexpr Rename kEmbeddingsAndHeads[] = {
    {"embeddings.cls_token", "cls_token"},
    {"embeddings.distillation_token", "dist_token"},
    {"embeddings.register_tokens", "reg_token"},
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
    // DINOv2
    {"encoder.layer.*.attention.o_proj.*", "blocks.*.attn.proj.*"},
    {"encoder.layer.*.mlp.weights_in.*", "blocks.*.mlp.fc1.*"},
    {"encoder.layer.*.mlp.weights_out.*", "blocks.*.mlp.fc2.*"},
    {"encoder.layer.*.mlp.down_proj.*", "blocks.*.mlp.fc2.*"},
    {"encoder.layer.*.mlp.*.*", "blocks.*.mlp.*.*"},
    {"encoder.layer.*.norm1.*", "blocks.*.norm1.*"},
    {"encoder.layer.*.norm2.*", "blocks.*.norm2.*"},
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
    {{"encoder.layer.*.attention.q_proj.*", "encoder.layer.*.attention.k_proj.*",
      "encoder.layer.*.attention.v_proj.*"},
     "blocks.*.attn.qkv.*"},
    {{"encoder.layer.*.mlp.gate_proj.*", "encoder.layer.*.mlp.up_proj.*", ""},
     "blocks.*.mlp.fc1.*"},
};

constexpr LayerScale kScales[] = {
    {"encoder.layer.*.attention.output.dense", "encoder.layer.*.layer_scale1.lambda1"},
    {"encoder.layer.*.attention.o_proj", "encoder.layer.*.layer_scale1.lambda1"},
    {"encoder.layer.*.mlp.fc2", "encoder.layer.*.layer_scale2.lambda1"},
    {"encoder.layer.*.mlp.weights_out", "encoder.layer.*.layer_scale2.lambda1"},
    {"encoder.layer.*.mlp.down_proj", "encoder.layer.*.layer_scale2.lambda1"},
};

// The image towers of CLIP and SigLIP, alone or beside their text towers.
constexpr std::string_view kTowerPrefixes[] = {"vision_model."};
constexpr std::string_view kTextTower[] = {"text_model.", "text_projection.*", "logit_scale",
                                           "logit_bias", "embeddings.position_ids"};
constexpr std::string_view kUnusedOfClip[] = {"norm.*", "projection.weight"};
constexpr std::string_view kUnusedOfSiglip[] = {"attn_pool."};

constexpr Rename kTower[] = {
    {"embeddings.class_embedding", "cls_token", 3},
    {"embeddings.position_embedding.weight", "pos_embed", 3},
    {"embeddings.patch_embedding.*", "patch_embed.proj.*"},
    {"pre_layrnorm.*", "norm_pre.*"},
    {"post_layernorm.*", "norm.*"},
    {"encoder.layers.*.self_attn.out_proj.*", "blocks.*.attn.proj.*"},
    {"encoder.layers.*.layer_norm1.*", "blocks.*.norm1.*"},
    {"encoder.layers.*.layer_norm2.*", "blocks.*.norm2.*"},
    {"encoder.layers.*.mlp.*.*", "blocks.*.mlp.*.*"},
    {"visual_projection.weight", "projection.weight"},
    {"classifier.*", "head.*"},
    {"head.probe", "attn_pool.latent"},
    {"head.attention.out_proj.*", "attn_pool.proj.*"},
    {"head.layernorm.*", "attn_pool.norm.*"},
    {"head.mlp.*.*", "attn_pool.mlp.*.*"},
};

constexpr Join kTowerQkv[] = {
    {{"encoder.layers.*.self_attn.q_proj.*", "encoder.layers.*.self_attn.k_proj.*",
      "encoder.layers.*.self_attn.v_proj.*"},
     "blocks.*.attn.qkv.*"},
};

constexpr Split kProbe[] = {
    {"head.attention.in_proj_weight",
     {"attn_pool.q.weight", "attn_pool.k.weight", "attn_pool.v.weight"}},
    {"head.attention.in_proj_bias", {"attn_pool.q.bias", "attn_pool.k.bias", "attn_pool.v.bias"}},
};

constexpr LayerScale kTimmScales[] = {
    {"blocks.*.attn.proj", "blocks.*.ls1.gamma"},
    {"blocks.*.mlp.fc2", "blocks.*.ls2.gamma"},
    {"blocks.*.attn.proj", "blocks.*.gamma_1"},  // DeiT III as Facebook has it
    {"blocks.*.mlp.fc2", "blocks.*.gamma_2"},
};

constexpr Split kTimmPool[] = {{"attn_pool.kv.*", {"attn_pool.k.*", "attn_pool.v.*"}}};

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
     .mark = "embeddings.patch_embeddings.projection.weight",
     .strip = kPrefixes,
     .renames = kEmbeddingsAndHeads,
     .joins = kQkv,
     .ignore = kMask,
     .layer_scales = kScales,
     .ignore_beside_head = kPooler},
    {.name = "Hugging Face, CLIP",
     .mark = "embeddings.class_embedding",
     .strip = kTowerPrefixes,
     .renames = kTower,
     .joins = kTowerQkv,
     .ignore = kTextTower,
     .ignore_beside_head = kUnusedOfClip},
    {.name = "Hugging Face, SigLIP",
     .mark = "embeddings.patch_embedding.weight",
     .strip = kTowerPrefixes,
     .renames = kTower,
     .joins = kTowerQkv,
     .ignore = kTextTower,
     .splits = kProbe,
     .ignore_beside_head = kUnusedOfSiglip},
    {.name = "timm",
     .mark = "patch_embed.proj.weight",
     .strip = kPrefixes,
     .renames = {},
     .joins = {},
     .ignore = {},
     .splits = kTimmPool,
     .layer_scales = kTimmScales},
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
