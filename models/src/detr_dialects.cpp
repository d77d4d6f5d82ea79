// SPDX-License-Identifier: Apache-2.0
// This file says how checkpoints of DETR and of its kin name their tensors. Canonical names are
// those of facebookresearch/detr with separate queries, keys and values. The backbone has
// torchvision's names, below "backbone".
#include "detr.h"

namespace vitq {
namespace {

// Without the backbone's own prefix timm's names are torchvision's.
constexpr std::string_view kPrefixes[] = {
    "detr.", "backbone.0.body.", "backbone.conv_encoder.model.", "backbone.model.", "_backbone."};

constexpr std::string_view kIgnore[] = {
    "bn1.num_batches_tracked",
    "*.*.bn1.num_batches_tracked",
    "*.*.bn2.num_batches_tracked",
    "*.*.bn3.num_batches_tracked",
    "*.*.downsample.1.num_batches_tracked",
    "fc.*",        // a classifier that the backbone was trained with
    "mask_head.",  // of panoptic networks, which find boxes as all others do
    "bbox_attention.",
};
constexpr std::string_view kIgnoreNative[] = {
    "mask_head.",
    "bbox_attention.",
    "embedder.embedder.normalization.num_batches_tracked",
    "encoder.stages.*.layers.*.layer.*.normalization.num_batches_tracked",
    "encoder.stages.*.layers.*.shortcut.normalization.num_batches_tracked",
};

constexpr Norm kNorms[] = {
    {"conv1", "bn1"},
    {"*.*.conv1", "*.*.bn1"},
    {"*.*.conv2", "*.*.bn2"},
    {"*.*.conv3", "*.*.bn3"},
    {"*.*.downsample.0", "*.*.downsample.1"},
};
constexpr Norm kNormsNative[] = {
    {"embedder.embedder.convolution", "embedder.embedder.normalization"},
    {"encoder.stages.*.layers.*.layer.*.convolution",
     "encoder.stages.*.layers.*.layer.*.normalization"},
    {"encoder.stages.*.layers.*.shortcut.convolution",
     "encoder.stages.*.layers.*.shortcut.normalization"},
};

// Facebook has one matrix for queries, keys and values.
constexpr Split kInProj[] = {
    {"transformer.*.layers.*.*.in_proj_weight",
     {"transformer.*.layers.*.*.q_proj.weight", "transformer.*.layers.*.*.k_proj.weight",
      "transformer.*.layers.*.*.v_proj.weight"}},
    {"transformer.*.layers.*.*.in_proj_bias",
     {"transformer.*.layers.*.*.q_proj.bias", "transformer.*.layers.*.*.k_proj.bias",
      "transformer.*.layers.*.*.v_proj.bias"}},
};

constexpr Rename kRenames[] = {
    // torchvision's and timm's backbone
    {"conv1.*", "backbone.conv1.*"},
    {"layer1.*.*.*", "backbone.layer1.*.*.*"},
    {"layer2.*.*.*", "backbone.layer2.*.*.*"},
    {"layer3.*.*.*", "backbone.layer3.*.*.*"},
    {"layer4.*.*.*", "backbone.layer4.*.*.*"},
    {"layer1.*.downsample.*.*", "backbone.layer1.*.downsample.*.*"},
    {"layer2.*.downsample.*.*", "backbone.layer2.*.downsample.*.*"},
    {"layer3.*.downsample.*.*", "backbone.layer3.*.downsample.*.*"},
    {"layer4.*.downsample.*.*", "backbone.layer4.*.downsample.*.*"},
    // transformers' own backbone
    {"embedder.embedder.convolution.*", "backbone.conv1.*"},
    {"encoder.stages.0.layers.*.layer.0.convolution.*", "backbone.layer1.*.conv1.*"},
    {"encoder.stages.0.layers.*.layer.1.convolution.*", "backbone.layer1.*.conv2.*"},
    {"encoder.stages.0.layers.*.layer.2.convolution.*", "backbone.layer1.*.conv3.*"},
    {"encoder.stages.0.layers.*.shortcut.convolution.*", "backbone.layer1.*.downsample.0.*"},
    {"encoder.stages.1.layers.*.layer.0.convolution.*", "backbone.layer2.*.conv1.*"},
    {"encoder.stages.1.layers.*.layer.1.convolution.*", "backbone.layer2.*.conv2.*"},
    {"encoder.stages.1.layers.*.layer.2.convolution.*", "backbone.layer2.*.conv3.*"},
    {"encoder.stages.1.layers.*.shortcut.convolution.*", "backbone.layer2.*.downsample.0.*"},
    {"encoder.stages.2.layers.*.layer.0.convolution.*", "backbone.layer3.*.conv1.*"},
    {"encoder.stages.2.layers.*.layer.1.convolution.*", "backbone.layer3.*.conv2.*"},
    {"encoder.stages.2.layers.*.layer.2.convolution.*", "backbone.layer3.*.conv3.*"},
    {"encoder.stages.2.layers.*.shortcut.convolution.*", "backbone.layer3.*.downsample.0.*"},
    {"encoder.stages.3.layers.*.layer.0.convolution.*", "backbone.layer4.*.conv1.*"},
    {"encoder.stages.3.layers.*.layer.1.convolution.*", "backbone.layer4.*.conv2.*"},
    {"encoder.stages.3.layers.*.layer.2.convolution.*", "backbone.layer4.*.conv3.*"},
    {"encoder.stages.3.layers.*.shortcut.convolution.*", "backbone.layer4.*.downsample.0.*"},
    // transformers; from version 5 on it says "mlp" and "o_proj"
    {"query_position_embeddings.*", "query_embed.*"},
    {"input_projection.*", "input_proj.*"},
    {"class_labels_classifier.*", "class_embed.*"},
    {"bbox_predictor.layers.*.*", "bbox_embed.layers.*.*"},
    {"decoder.layernorm.*", "transformer.decoder.norm.*"},
    {"encoder.layernorm.*", "transformer.encoder.norm.*"},
    {"*.layers.*.self_attn.o_proj.*", "transformer.*.layers.*.self_attn.out_proj.*"},
    {"*.layers.*.self_attn.*.*", "transformer.*.layers.*.self_attn.*.*"},
    {"*.layers.*.encoder_attn.o_proj.*", "transformer.*.layers.*.multihead_attn.out_proj.*"},
    {"*.layers.*.encoder_attn.*.*", "transformer.*.layers.*.multihead_attn.*.*"},
    {"*.layers.*.self_attn_layer_norm.*", "transformer.*.layers.*.norm1.*"},
    {"encoder.layers.*.final_layer_norm.*", "transformer.encoder.layers.*.norm2.*"},
    {"decoder.layers.*.encoder_attn_layer_norm.*", "transformer.decoder.layers.*.norm2.*"},
    {"decoder.layers.*.final_layer_norm.*", "transformer.decoder.layers.*.norm3.*"},
    {"*.layers.*.fc1.*", "transformer.*.layers.*.linear1.*"},
    {"*.layers.*.fc2.*", "transformer.*.layers.*.linear2.*"},
    {"*.layers.*.mlp.fc1.*", "transformer.*.layers.*.linear1.*"},
    {"*.layers.*.mlp.fc2.*", "transformer.*.layers.*.linear2.*"},
    // Conditional DETR; before transformers 5 its projections lie beside the attention
    {"decoder.query_scale.*.*.*", "transformer.decoder.query_scale.*.*.*"},
    {"decoder.ref_point_head.*.*.*", "transformer.decoder.ref_point_head.*.*.*"},
    {"decoder.layers.*.sa_qcontent_proj.*",
     "transformer.decoder.layers.*.self_attn.q_content_proj.*"},
    {"decoder.layers.*.sa_qpos_proj.*", "transformer.decoder.layers.*.self_attn.q_pos_proj.*"},
    {"decoder.layers.*.sa_kcontent_proj.*",
     "transformer.decoder.layers.*.self_attn.k_content_proj.*"},
    {"decoder.layers.*.sa_kpos_proj.*", "transformer.decoder.layers.*.self_attn.k_pos_proj.*"},
    {"decoder.layers.*.sa_v_proj.*", "transformer.decoder.layers.*.self_attn.v_proj.*"},
    {"decoder.layers.*.ca_qcontent_proj.*",
     "transformer.decoder.layers.*.multihead_attn.q_content_proj.*"},
    {"decoder.layers.*.ca_qpos_proj.*", "transformer.decoder.layers.*.multihead_attn.q_pos_proj.*"},
    {"decoder.layers.*.ca_qpos_sine_proj.*",
     "transformer.decoder.layers.*.multihead_attn.q_pos_sine_proj.*"},
    {"decoder.layers.*.ca_kcontent_proj.*",
     "transformer.decoder.layers.*.multihead_attn.k_content_proj.*"},
    {"decoder.layers.*.ca_kpos_proj.*", "transformer.decoder.layers.*.multihead_attn.k_pos_proj.*"},
    {"decoder.layers.*.ca_v_proj.*", "transformer.decoder.layers.*.multihead_attn.v_proj.*"},
};

constexpr Dialect kDialects[] = {
    {.name = "Facebook DETR",
     .mark = "query_embed.weight",
     .strip = kPrefixes,
     .renames = kRenames,
     .joins = {},
     .ignore = kIgnore,
     .splits = kInProj,
     .norms = kNorms},
    {.name = "Hugging Face, backbone of timm",
     .mark = "layer1.0.conv1.weight",
     .strip = kPrefixes,
     .renames = kRenames,
     .joins = {},
     .ignore = kIgnore,
     .splits = {},
     .norms = kNorms},
    {.name = "Hugging Face, own backbone",
     .mark = "embedder.embedder.convolution.weight",
     .strip = kPrefixes,
     .renames = kRenames,
     .joins = {},
     .ignore = kIgnoreNative,
     .splits = {},
     .norms = kNormsNative},
};

}  // namespace

constinit const std::span<const Dialect> kDetrDialects = kDialects;

}  // namespace vitq
