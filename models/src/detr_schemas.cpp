// SPDX-License-Identifier: Apache-2.0
// The keys of transformers' DetrConfig, those of its kin included, and of its backbones:
// ResNetConfig, TimmBackboneConfig, and what older configurations hand to timm's ResNet.
#include <array>

#include "detr.h"
#include "schemas.h"
#include "vitq/error.h"

namespace vitq {
namespace {

using enum ConfigKey::Use;

constexpr std::string_view kOwnTable = "has a table of its own";
constexpr std::string_view kStages =
    R"([["stage4"],["stage3","stage4"],["stage2","stage3","stage4"],)"
    R"(["stage1","stage2","stage3","stage4"]])";
constexpr std::string_view kStageIds = "[[4],[-1],[3,4],[2,3,4],[1,2,3,4],[0,1,2,3,4]]";
constexpr std::string_view kLastStage = "the last stage feeds the transformer";
constexpr std::string_view kOfClassifiers = "is for classifiers";

constexpr std::array kDetrKeys = {
    ConfigKey{"model_type", kHonoured, {}, "names the family"},
    ConfigKey{"encoder_attention_heads", kHonoured, {}, "8 if absent"},
    ConfigKey{"num_attention_heads", kHonoured, {}, "the same by its other name"},
    ConfigKey{"decoder_attention_heads", kHonoured, {}, "8 if absent"},
    ConfigKey{
        "auxiliary_loss", kHonoured, {}, "a norm after every decoder layer, at inference too"},
    ConfigKey{"activation_function", kFixed, kActivations, "of the feed-forward layers"},
    ConfigKey{"backbone_config", kHonoured, {}, kOwnTable},
    ConfigKey{"backbone", kHonoured, {}, "a plain ResNet"},
    ConfigKey{"backbone_kwargs", kHonoured, {}, kOwnTable},
    ConfigKey{"use_timm_backbone", kHonoured, {}, "true if absent"},
    ConfigKey{"dilation", kHonoured, {}, "of timm's backbone without backbone_config"},
    ConfigKey{"id2label", kHonoured, {}, "the names of the classes"},
    ConfigKey{"d_model", kHonoured, {}, kAsTensors},
    ConfigKey{"encoder_layers", kHonoured, {}, kAsTensors},
    ConfigKey{"decoder_layers", kHonoured, {}, kAsTensors},
    ConfigKey{"encoder_ffn_dim", kHonoured, {}, kAsTensors},
    ConfigKey{"decoder_ffn_dim", kHonoured, {}, kAsTensors},
    ConfigKey{"num_queries", kHonoured, {}, kAsTensors},
    ConfigKey{"position_embedding_type", kFixed, R"(["sine"])", "positions are not learned"},
    ConfigKey{"num_channels", kFixed, "[3]", "images are RGB"},
    ConfigKey{"hidden_size", kNoEffect, {}, kShown},
    ConfigKey{"num_hidden_layers", kNoEffect, {}, kShown},
    ConfigKey{"problem_type", kNoEffect, {}, kOfClassifiers},
    ConfigKey{"max_position_embeddings", kNoEffect, {}, "was never read"},
    ConfigKey{"scale_embedding", kNoEffect, {}, "was never read"},
    ConfigKey{"normalize_before", kNoEffect, {}, "was never read"},
    ConfigKey{"use_pretrained_backbone", kNoEffect, {}, kOfTraining},
    ConfigKey{"activation_dropout", kNoEffect, {}, kOfTraining},
    ConfigKey{"attention_dropout", kNoEffect, {}, kOfTraining},
    ConfigKey{"classifier_dropout", kNoEffect, {}, kOfTraining},
    ConfigKey{"dropout", kNoEffect, {}, kOfTraining},
    ConfigKey{"encoder_layerdrop", kNoEffect, {}, kOfTraining},
    ConfigKey{"decoder_layerdrop", kNoEffect, {}, kOfTraining},
    ConfigKey{"init_std", kNoEffect, {}, kOfTraining},
    ConfigKey{"init_xavier_std", kNoEffect, {}, kOfTraining},
    ConfigKey{"class_cost", kNoEffect, {}, kOfTraining},
    ConfigKey{"bbox_cost", kNoEffect, {}, kOfTraining},
    ConfigKey{"giou_cost", kNoEffect, {}, kOfTraining},
    ConfigKey{"mask_loss_coefficient", kNoEffect, {}, kOfTraining},
    ConfigKey{"dice_loss_coefficient", kNoEffect, {}, kOfTraining},
    ConfigKey{"bbox_loss_coefficient", kNoEffect, {}, kOfTraining},
    ConfigKey{"giou_loss_coefficient", kNoEffect, {}, kOfTraining},
    ConfigKey{"eos_coefficient", kNoEffect, {}, kOfTraining},
    ConfigKey{"cls_loss_coefficient", kNoEffect, {}, kOfTraining},
    ConfigKey{"focal_alpha", kNoEffect, {}, kOfTraining},
};

constexpr std::array kResNetKeys = {
    ConfigKey{"model_type", kHonoured, {}, "says which of the two tables this is"},
    ConfigKey{"hidden_act", kFixed, R"(["gelu","relu"])", "of the stem and of each block's result"},
    ConfigKey{"downsample_in_bottleneck", kHonoured, {}, "where a block's stride is"},
    ConfigKey{"downsample_in_first_stage", kHonoured},
    ConfigKey{"layer_type", kFixed, R"(["basic","bottleneck"])", kShown},
    ConfigKey{"out_features", kFixed, kStages, kLastStage},
    ConfigKey{"_out_features", kFixed, kStages, kLastStage},
    ConfigKey{"out_indices", kFixed, kStageIds, kLastStage},
    ConfigKey{"_out_indices", kFixed, kStageIds, kLastStage},
    ConfigKey{"num_channels", kFixed, "[3]", "images are RGB"},
    ConfigKey{"depths", kNoEffect, {}, kShown},
    ConfigKey{"hidden_sizes", kNoEffect, {}, kShown},
    ConfigKey{"embedding_size", kNoEffect, {}, kShown},
    ConfigKey{"stage_names", kNoEffect, {}, "follows from the others"},
    ConfigKey{"problem_type", kNoEffect, {}, kOfClassifiers},
    ConfigKey{"id2label", kNoEffect, {}, kOfClassifiers},
};

constexpr std::array kTimmBackboneKeys = {
    ConfigKey{"model_type", kHonoured, {}, "says which of the two tables this is"},
    ConfigKey{"backbone", kHonoured, {}, "a plain ResNet"},
    ConfigKey{"output_stride", kFixed, "[16,32]", "16 dilates the last stage (DC5)"},
    ConfigKey{"out_indices", kFixed, kStageIds, kLastStage},
    ConfigKey{"_out_indices", kFixed, kStageIds, kLastStage},
    ConfigKey{"num_channels", kFixed, "[3]", "images are RGB"},
    ConfigKey{"features_only", kFixed, "[true]", "the network has no head of its own"},
    ConfigKey{"out_features", kNoEffect, {}, "follows from out_indices"},
    ConfigKey{"_out_features", kNoEffect, {}, "follows from out_indices"},
    ConfigKey{"stage_names", kNoEffect, {}, "follows from the others"},
    ConfigKey{"freeze_batch_norm_2d", kNoEffect, {}, "computes the same"},
    ConfigKey{"use_timm_backbone", kNoEffect, {}, "repeats model_type"},
    ConfigKey{"use_pretrained_backbone", kNoEffect, {}, kOfTraining},
    ConfigKey{"problem_type", kNoEffect, {}, kOfClassifiers},
    ConfigKey{"id2label", kNoEffect, {}, kOfClassifiers},
};

constexpr std::array kTimmResNetKeys = {
    ConfigKey{"output_stride", kFixed, "[16,32]", "16 dilates the last stage (DC5)"},
    ConfigKey{"out_indices", kFixed, kStageIds, kLastStage},
    ConfigKey{"in_chans", kFixed, "[3]", "images are RGB"},
    ConfigKey{"act_layer", kFixed, R"(["relu"])"},
    ConfigKey{"aa_layer", kFixed, "[]", "strides are not smoothed"},
    ConfigKey{"avg_down", kFixed, "[false]", "shortcuts are convolutions with a stride"},
    ConfigKey{"block_args", kFixed, "[{}]"},
    ConfigKey{"block_reduce_first", kFixed, "[1]"},
    ConfigKey{"cardinality", kFixed, "[1]", "convolutions have one group"},
    ConfigKey{"down_kernel_size", kFixed, "[1]"},
    ConfigKey{"norm_layer", kFixed, R"(["batchnorm","batchnorm2d"])"},
    ConfigKey{"replace_stem_pool", kFixed, "[false]"},
    ConfigKey{"stem_type", kFixed, R"([""])"},
    ConfigKey{"base_width", kNoEffect, {}, kShown},
    ConfigKey{"channels", kNoEffect, {}, kShown},
    ConfigKey{"layers", kNoEffect, {}, kShown},
    ConfigKey{"num_channels", kNoEffect, {}, kShown},
    ConfigKey{"num_classes", kNoEffect, {}, kShown},
    ConfigKey{"stem_width", kNoEffect, {}, kShown},
    ConfigKey{"features_only", kNoEffect, {}, "is always set"},
    ConfigKey{"global_pool", kNoEffect, {}, kOfClassifiers},
    ConfigKey{"drop_block_rate", kNoEffect, {}, kOfTraining},
    ConfigKey{"drop_path_rate", kNoEffect, {}, kOfTraining},
    ConfigKey{"drop_rate", kNoEffect, {}, kOfTraining},
    ConfigKey{"pretrained", kNoEffect, {}, kOfTraining},
    ConfigKey{"zero_init_last", kNoEffect, {}, kOfTraining},
};

}  // namespace

constinit const ConfigSchema kDetrSchema = {
    "transformers, DetrConfig, TableTransformerConfig and ConditionalDetrConfig", kDetrKeys};
constinit const ConfigSchema kResNetSchema = {"transformers, ResNetConfig as backbone_config",
                                              kResNetKeys};
constinit const ConfigSchema kTimmBackboneSchema = {
    "transformers, TimmBackboneConfig as backbone_config", kTimmBackboneKeys};
constinit const ConfigSchema kTimmResNetSchema = {"transformers, backbone_kwargs", kTimmResNetKeys};

std::vector<ConfigPart> detr_config_parts(const Json& source) {
  if (source.members().empty()) return {};
  std::vector<ConfigPart> parts = {{source, {&kDetrSchema, &kTransformersSchema}}};
  if (const auto backbone = source.find("backbone_config")) {
    const auto type = backbone->find("model_type");
    const std::string name = type ? type->string() : "resnet";
    if (name != "resnet" && name != "timm_backbone") {
      throw UnsupportedError(type->place() + ": the backbone '" + name +
                             "'; resnet and timm_backbone are supported");
    }
    const ConfigSchema& own = name == "resnet" ? kResNetSchema : kTimmBackboneSchema;
    parts.push_back({*backbone, {&own, &kTransformersSchema}});
  }
  if (const auto arguments = source.find("backbone_kwargs"))
    parts.push_back({*arguments, {&kTimmResNetSchema}});
  return parts;
}

}  // namespace vitq
