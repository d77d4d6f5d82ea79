// SPDX-License-Identifier: Apache-2.0
// The keys of config.json that ViT and DeiT have in transformers (ViTConfig, DeiTConfig) and timm
// (its own description and the arguments of VisionTransformer).
#include <array>

#include "config_read.h"
#include "schemas.h"
#include "vit.h"
#include "vitq/preprocess_schemas.h"

namespace vitq {
namespace {

using enum ConfigKey::Use;

constexpr std::string_view kProblems =
    R"(["single_label_classification","multi_label_classification","regression"])";
constexpr std::string_view kScoresNote =
    "softmax, a sigmoid for each class, or values as they are; one class has a sigmoid";
constexpr std::string_view kOtherHeads = "is for other heads than that of classification";
constexpr std::string_view kBackbone = "is for networks that this is a part of";
constexpr std::string_view kOfText = "is of the text tower";

constexpr std::array kVitKeys = {
    ConfigKey{"model_type", kHonoured, {}, "names the family"},
    ConfigKey{"problem_type", kFixed, kProblems, kScoresNote},
    ConfigKey{"hidden_act", kFixed, kActivations, "of the MLPs; gelu is the exact one"},
    ConfigKey{"num_attention_heads", kHonoured, {}, "12 if absent"},
    ConfigKey{"layer_norm_eps", kHonoured, {}, "1e-12 if absent"},
    ConfigKey{"image_size", kHonoured, {}, "a number, or height and width"},
    ConfigKey{"id2label", kHonoured, {}, "the names of the classes"},
    ConfigKey{"patch_size", kHonoured, {}, kAsTensors},
    ConfigKey{"hidden_size", kHonoured, {}, kAsTensors},
    ConfigKey{"num_hidden_layers", kHonoured, {}, kAsTensors},
    ConfigKey{"intermediate_size", kHonoured, {}, kAsTensors},
    ConfigKey{"qkv_bias", kHonoured, {}, kAsTensors},
    ConfigKey{"num_channels", kFixed, "[3]", "images are RGB"},
    ConfigKey{"pooler_act", kFixed, R"(["tanh"])", "of the features' pooler"},
    ConfigKey{"pooler_output_size", kNoEffect, {}, kShown},
    ConfigKey{"encoder_stride", kNoEffect, {}, kOtherHeads},
    ConfigKey{"hidden_dropout_prob", kNoEffect, {}, kOfTraining},
    ConfigKey{"attention_probs_dropout_prob", kNoEffect, {}, kOfTraining},
};

constexpr std::array kDinov2Keys = {
    ConfigKey{"model_type", kHonoured, {}, "names the network"},
    ConfigKey{"problem_type", kFixed, kProblems, kScoresNote},
    ConfigKey{"hidden_act", kFixed, kActivations, "of the MLPs; those with a gate have silu"},
    ConfigKey{"num_attention_heads", kHonoured, {}, "12 if absent"},
    ConfigKey{"layer_norm_eps", kHonoured, {}, "1e-6 if absent"},
    ConfigKey{"image_size", kHonoured, {}, "of the positions, which become those of the pipeline"},
    ConfigKey{"num_register_tokens", kHonoured, {}, "4 if absent, of the type with registers"},
    ConfigKey{"id2label", kHonoured, {}, "the names of the classes"},
    ConfigKey{"patch_size", kHonoured, {}, kAsTensors},
    ConfigKey{"hidden_size", kHonoured, {}, kAsTensors},
    ConfigKey{"num_hidden_layers", kHonoured, {}, kAsTensors},
    ConfigKey{"use_swiglu_ffn", kHonoured, {}, kAsTensors},
    ConfigKey{"qkv_bias", kHonoured, {}, kAsTensors},
    ConfigKey{"num_channels", kFixed, "[3]", "images are RGB"},
    ConfigKey{"mlp_ratio", kNoEffect, {}, kShown},
    ConfigKey{"use_mask_token", kNoEffect, {}, kOfTraining},
    ConfigKey{"layerscale_value", kNoEffect, {}, kOfTraining},
    ConfigKey{"drop_path_rate", kNoEffect, {}, kOfTraining},
    ConfigKey{"hidden_dropout_prob", kNoEffect, {}, kOfTraining},
    ConfigKey{"attention_probs_dropout_prob", kNoEffect, {}, kOfTraining},
    ConfigKey{"apply_layernorm", kNoEffect, {}, kBackbone},
    ConfigKey{"reshape_hidden_states", kNoEffect, {}, kBackbone},
    ConfigKey{"out_features", kNoEffect, {}, kBackbone},
    ConfigKey{"out_indices", kNoEffect, {}, kBackbone},
    ConfigKey{"stage_names", kNoEffect, {}, kBackbone},
};

constexpr std::array kTowerKeys = {
    ConfigKey{"model_type", kHonoured, {}, "names the network"},
    ConfigKey{"hidden_act", kFixed, kActivations,
              "of the MLPs; quick_gelu if absent, of SigLIP gelu_pytorch_tanh"},
    ConfigKey{"num_attention_heads", kHonoured, {}, "12 if absent"},
    ConfigKey{"layer_norm_eps", kHonoured, {}, "1e-5 if absent, of SigLIP 1e-6"},
    ConfigKey{"image_size", kHonoured, {}, "a number, or height and width"},
    ConfigKey{"vision_use_head", kHonoured, {}, "of SigLIP: attention pooling; true if absent"},
    ConfigKey{"problem_type", kFixed, kProblems, kScoresNote},
    ConfigKey{"id2label", kHonoured, {}, "the names of the classes"},
    ConfigKey{"patch_size", kHonoured, {}, kAsTensors},
    ConfigKey{"hidden_size", kHonoured, {}, kAsTensors},
    ConfigKey{"num_hidden_layers", kHonoured, {}, kAsTensors},
    ConfigKey{"intermediate_size", kHonoured, {}, kAsTensors},
    ConfigKey{"num_channels", kFixed, "[3]", "images are RGB"},
    ConfigKey{"projection_dim", kNoEffect, {}, kShown},
    ConfigKey{"attention_dropout", kNoEffect, {}, kOfTraining},
    ConfigKey{"dropout", kNoEffect, {}, kOfTraining},
    ConfigKey{"initializer_factor", kNoEffect, {}, kOfTraining},
};

constexpr std::array kPairKeys = {
    ConfigKey{"model_type", kHonoured, {}, "names the network"},
    ConfigKey{"vision_config", kHonoured, {}, "has a table of its own"},
    ConfigKey{"problem_type", kFixed, kProblems, kScoresNote},
    ConfigKey{"id2label", kHonoured, {}, "the names of the classes"},
    ConfigKey{"projection_dim", kNoEffect, {}, kShown},
    ConfigKey{"text_config", kNoEffect, {}, kOfText},
    ConfigKey{"text_config_dict", kNoEffect, {}, kOfText},
    ConfigKey{"vision_config_dict", kNoEffect, {}, "repeats vision_config, in old files"},
    ConfigKey{"logit_scale_init_value", kNoEffect, {}, kOfTraining},
    ConfigKey{"initializer_factor", kNoEffect, {}, kOfTraining},
};

constexpr std::string_view kWrapper = "is of transformers' wrapper around timm";

constexpr std::array kTimmKeys = {
    ConfigKey{"architecture", kHonoured, {}, "names the family"},
    ConfigKey{"model_args", kHonoured, {}, "has a table of its own"},
    ConfigKey{"pretrained_cfg", kHonoured, {}, "the preprocessing, the image size and labels"},
    ConfigKey{"input_size", kHonoured, {}, "the image size, in the old flat form"},
    ConfigKey{"label_names", kHonoured, {}, "the names of the classes: a list, or by id"},
    ConfigKey{"labels", kHonoured, {}, "the same, in the old flat form"},
    ConfigKey{"problem_type", kFixed, kProblems, kScoresNote},
    ConfigKey{"global_pool", kFixed, R"(["token","avg","map",""])", "what stands for the image"},
    ConfigKey{"label_descriptions", kNoEffect, {}, "describes the classes"},
    ConfigKey{"num_classes", kNoEffect, {}, kShown},
    ConfigKey{"num_features", kNoEffect, {}, kShown},
    ConfigKey{"model_type", kNoEffect, {}, kWrapper},
    ConfigKey{"do_pooling", kNoEffect, {}, kWrapper},
};

constexpr std::string_view kTensorsElse = "adds tensors that are not supported";
constexpr std::string_view kClasses = "names a class of layers";

constexpr std::string_view kTimmActivations =
    R"(["gelu","relu","gelu_tanh","quick_gelu","silu","swish",""])";

constexpr std::array kArguments = {
    ConfigKey{"img_size", kHonoured, {}, "a number, or height and width"},
    ConfigKey{"num_heads", kHonoured, {}, "64 channels each if absent, as published models"},
    ConfigKey{"act_layer", kFixed, kTimmActivations, "of the MLPs; gelu is the exact one"},
    ConfigKey{"patch_size", kHonoured, {}, kAsTensors},
    ConfigKey{"embed_dim", kHonoured, {}, kAsTensors},
    ConfigKey{"depth", kHonoured, {}, kAsTensors},
    ConfigKey{"qkv_bias", kHonoured, {}, kAsTensors},
    ConfigKey{"global_pool", kFixed, R"(["token","avg","map",""])", "what stands for the image"},
    ConfigKey{"fc_norm", kNoEffect, {}, kShown},
    ConfigKey{"final_norm", kHonoured, {}, "whether there is a norm before the head"},
    ConfigKey{"in_chans", kFixed, "[3]", "images are RGB"},
    ConfigKey{"class_token", kHonoured, {}, kAsTensors},
    ConfigKey{"pos_embed", kFixed, R"(["learn"])", "positions are learned"},
    ConfigKey{"no_embed_class", kHonoured, {}, "whether only patches have positions"},
    ConfigKey{"pre_norm", kHonoured, {}, kAsTensors},
    ConfigKey{"qk_norm", kHonoured, {}, kAsTensors},
    ConfigKey{"scale_attn_norm", kFixed, "[false]", kTensorsElse},
    ConfigKey{"scale_mlp_norm", kFixed, "[false]", kTensorsElse},
    ConfigKey{"init_values", kNoEffect, {}, "LayerScale is what tensors show"},
    ConfigKey{"reg_tokens", kHonoured, {}, kAsTensors},
    ConfigKey{"proj_bias", kFixed, "[true]", "layers have biases"},
    ConfigKey{"norm_layer", kFixed, R"(["layernorm"])", "with the eps of the architecture"},
    ConfigKey{"dynamic_img_pad", kFixed, "[false]", "patches divide the image"},
    ConfigKey{"embed_norm_layer", kFixed, "[]", kTensorsElse},
    ConfigKey{"attn_layer", kFixed, "[]", kClasses},
    ConfigKey{"block_fn", kFixed, "[]", kClasses},
    ConfigKey{"embed_layer", kFixed, "[]", kClasses},
    ConfigKey{"mlp_layer", kFixed, "[]", kClasses},
    ConfigKey{"features_only", kFixed, "[false]", "the last layer is read"},
    ConfigKey{"pruned", kFixed, "[false]", "the network is whole"},
    ConfigKey{"use_naflex", kFixed, "[false]", "images have one size"},
    ConfigKey{"mlp_ratio", kNoEffect, {}, kShown},
    ConfigKey{"num_classes", kNoEffect, {}, kShown},
    ConfigKey{"dtype", kNoEffect, {}, kShown},
    ConfigKey{"pool_include_prefix", kFixed, "[false]", "patches are pooled, and no other tokens"},
    ConfigKey{"dynamic_img_size", kNoEffect, {}, "is for images of other sizes"},
    ConfigKey{"strict_img_size", kNoEffect, {}, "is for images of other sizes"},
    ConfigKey{"drop_rate", kNoEffect, {}, kOfTraining},
    ConfigKey{"pos_drop_rate", kNoEffect, {}, kOfTraining},
    ConfigKey{"patch_drop_rate", kNoEffect, {}, kOfTraining},
    ConfigKey{"proj_drop_rate", kNoEffect, {}, kOfTraining},
    ConfigKey{"attn_drop_rate", kNoEffect, {}, kOfTraining},
    ConfigKey{"drop_path_rate", kNoEffect, {}, kOfTraining},
    ConfigKey{"drop_block_rate", kNoEffect, {}, kOfTraining},
    ConfigKey{"weight_init", kNoEffect, {}, kOfTraining},
    ConfigKey{"fix_init", kNoEffect, {}, kOfTraining},
};

}  // namespace

constinit const ConfigSchema kVitSchema = {"transformers, ViTConfig, DeiTConfig and IJepaConfig",
                                           kVitKeys};
constinit const ConfigSchema kDinov2Schema = {
    "transformers, Dinov2Config and Dinov2WithRegistersConfig", kDinov2Keys};
constinit const ConfigSchema kTowerSchema = {
    "transformers, CLIPVisionConfig and SiglipVisionConfig", kTowerKeys};
constinit const ConfigSchema kPairSchema = {"transformers, CLIPConfig and SiglipConfig", kPairKeys};
constinit const ConfigSchema kTimmSchema = {"timm, config.json", kTimmKeys};
constinit const ConfigSchema kTimmArgumentsSchema = {"timm, model_args", kArguments};

namespace {

std::vector<ConfigPart> transformers_parts(const Json& source) {
  const auto type = source.find("model_type");
  const std::string name = type ? type->string() : "";
  if (const auto tower = source.find("vision_config")) {
    return {{source, {&kPairSchema, &kTransformersSchema}},
            {*tower, {&kTowerSchema, &kTransformersSchema}}};
  }
  if (name.ends_with("_vision_model")) return {{source, {&kTowerSchema, &kTransformersSchema}}};
  const ConfigSchema& own = name.starts_with("dinov2") ? kDinov2Schema : kVitSchema;
  return {{source, {&own, &kTransformersSchema}}};
}

}  // namespace

std::vector<ConfigPart> vit_config_parts(const Json& source) {
  if (source.members().empty()) return {};
  if (!is_timm_config(source)) return transformers_parts(source);
  std::vector<ConfigPart> parts = {{source, {&kTimmSchema, &kTransformersSchema}}};
  // The old flat form is a pretrained_cfg as well.
  if (!source.contains("pretrained_cfg")) parts[0].schemas.push_back(&timm_schema());
  if (const auto arguments = source.find("model_args"))
    parts.push_back({*arguments, {&kTimmArgumentsSchema}});
  return parts;
}

}  // namespace vitq
