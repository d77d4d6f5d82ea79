// SPDX-License-Identifier: Apache-2.0
// The keys that the origins read or write. They are those of transformers 4.20 to 5.24: image
// processors and feature extractors of ViT, DeiT and detectors. Of timm 0.4 to 1.0 they are those
// of PretrainedCfg, and of the flat config.json before it.
#include "vitq/preprocess_schemas.h"

#include <array>

#include "vision/preprocess_read.h"

namespace vitq {
namespace {

using enum ConfigKey::Use;

constexpr std::string_view kOfBookkeeping = "names a class or the form of arguments";
constexpr std::string_view kOfTraining = "concerns annotations, which inference does not have";
constexpr std::string_view kOneSize = "pads images of different sizes to one batch";

constexpr std::array kClassifiers = {
    ConfigKey{"image_processor_type", kHonoured, {}, "says what absent keys are"},
    ConfigKey{"feature_extractor_type", kHonoured, {}, "the same, in old files"},
    ConfigKey{"do_resize", kHonoured},
    ConfigKey{
        "size", kHonoured, {}, "a number, two, or a dictionary of one of transformers' forms"},
    ConfigKey{"default_to_square", kHonoured, {}, "what a plain number of size is"},
    ConfigKey{"resample", kHonoured, {}, "Pillow's number of the filter, 0 to 5"},
    ConfigKey{"do_center_crop", kHonoured},
    ConfigKey{"crop_size", kHonoured},
    ConfigKey{"do_rescale", kHonoured},
    ConfigKey{"rescale_factor", kHonoured},
    ConfigKey{"do_normalize", kHonoured},
    ConfigKey{"image_mean", kHonoured},
    ConfigKey{"image_std", kHonoured},
    ConfigKey{"pad_size", kFixed, "[null]", "images are not padded"},
    ConfigKey{"do_pad", kNoEffect, {}, kOneSize},
    ConfigKey{"do_convert_rgb", kNoEffect, {}, "every image becomes RGB"},
    ConfigKey{"crop_pct", kNoEffect, {}, "is read for ConvNeXt alone"},
    ConfigKey{"do_reduce_labels", kNoEffect, {}, kOfTraining},
    ConfigKey{"reduce_labels", kNoEffect, {}, kOfTraining},
    ConfigKey{"image_seq_length", kNoEffect, {}, "is for networks with text"},
    ConfigKey{"auto_map", kNoEffect, {}, kOfBookkeeping},
    ConfigKey{"data_format", kNoEffect, {}, kOfBookkeeping},
    ConfigKey{"device", kNoEffect, {}, kOfBookkeeping},
    ConfigKey{"disable_grouping", kNoEffect, {}, kOfBookkeeping},
    ConfigKey{"input_data_format", kNoEffect, {}, kOfBookkeeping},
    ConfigKey{"processor_class", kNoEffect, {}, kOfBookkeeping},
    ConfigKey{"return_tensors", kNoEffect, {}, kOfBookkeeping},
    ConfigKey{"use_fast", kNoEffect, {}, kOfBookkeeping},
    ConfigKey{"_processor_class", kNoEffect, {}, kOfBookkeeping},
    ConfigKey{"_valid_processor_keys", kNoEffect, {}, kOfBookkeeping},
};

constexpr std::array kDetectors = {
    ConfigKey{"image_processor_type", kHonoured, {}, "says what absent keys are"},
    ConfigKey{"feature_extractor_type", kHonoured, {}, "the same, in old files"},
    ConfigKey{"do_resize", kHonoured},
    ConfigKey{"size", kHonoured, {}, "a plain number is the shorter side"},
    ConfigKey{"max_size", kHonoured, {}, "the longer side where size is a plain number"},
    ConfigKey{"resample", kHonoured, {}, "Pillow's number of the filter, 0 to 5"},
    ConfigKey{"do_rescale", kHonoured},
    ConfigKey{"rescale_factor", kHonoured},
    ConfigKey{"do_normalize", kHonoured},
    ConfigKey{"image_mean", kHonoured},
    ConfigKey{"image_std", kHonoured},
    ConfigKey{"pad_size", kFixed, "[null]", "images are padded to a batch's largest alone"},
    ConfigKey{"do_pad", kNoEffect, {}, kOneSize},
    ConfigKey{"pad_and_return_pixel_mask", kNoEffect, {}, kOneSize},
    ConfigKey{"do_center_crop", kNoEffect, {}, "DETR's processor does not crop"},
    ConfigKey{"crop_size", kNoEffect, {}, "DETR's processor does not crop"},
    ConfigKey{"default_to_square", kNoEffect, {}, "a plain number is the shorter side in any case"},
    ConfigKey{"do_convert_rgb", kNoEffect, {}, "every image becomes RGB"},
    ConfigKey{"do_convert_annotations", kNoEffect, {}, kOfTraining},
    ConfigKey{"do_reduce_labels", kNoEffect, {}, kOfTraining},
    ConfigKey{"format", kNoEffect, {}, kOfTraining},
    ConfigKey{"masks_path", kNoEffect, {}, kOfTraining},
    ConfigKey{"return_segmentation_masks", kNoEffect, {}, kOfTraining},
    ConfigKey{"image_seq_length", kNoEffect, {}, "is for networks with text"},
    ConfigKey{"auto_map", kNoEffect, {}, kOfBookkeeping},
    ConfigKey{"data_format", kNoEffect, {}, kOfBookkeeping},
    ConfigKey{"device", kNoEffect, {}, kOfBookkeeping},
    ConfigKey{"disable_grouping", kNoEffect, {}, kOfBookkeeping},
    ConfigKey{"input_data_format", kNoEffect, {}, kOfBookkeeping},
    ConfigKey{"processor_class", kNoEffect, {}, kOfBookkeeping},
    ConfigKey{"return_tensors", kNoEffect, {}, kOfBookkeeping},
    ConfigKey{"use_fast", kNoEffect, {}, kOfBookkeeping},
    ConfigKey{"_processor_class", kNoEffect, {}, kOfBookkeeping},
    ConfigKey{"_valid_processor_keys", kNoEffect, {}, kOfBookkeeping},
};

constexpr std::string_view kOfSource = "says where the weights are from";
constexpr std::string_view kOfWeights = "was needed to load or adapt weights";
constexpr std::string_view kOfTestSize = "is read by timm's own validation script alone";

constexpr std::array kTimm = {
    ConfigKey{"input_size", kHonoured, {}, "channels, height and width; three channels"},
    ConfigKey{"fixed_input_size", kHonoured, {}, "whether model_args.img_size replaces input_size"},
    ConfigKey{"interpolation", kHonoured, {}, "any of Pillow's filters"},
    ConfigKey{"crop_pct", kHonoured},
    ConfigKey{"crop_mode", kHonoured, {}, "center, squash or border"},
    ConfigKey{"mean", kHonoured},
    ConfigKey{"std", kHonoured},
    ConfigKey{"label_names", kHonoured, {}, "the classes' names"},
    ConfigKey{"labels", kHonoured, {}, "the same, in old files"},
    ConfigKey{"label_descriptions", kNoEffect, {}, "describes the classes"},
    ConfigKey{"num_classes", kNoEffect, {}, "is what the classifier's tensor shows"},
    ConfigKey{"num_features", kNoEffect, {}, "is what tensors show"},
    ConfigKey{"label_offset", kNoEffect, {}, kOfWeights},
    ConfigKey{"custom_load", kNoEffect, {}, kOfWeights},
    ConfigKey{"first_conv", kNoEffect, {}, kOfWeights},
    ConfigKey{"classifier", kNoEffect, {}, kOfWeights},
    ConfigKey{"num_pooled_features", kNoEffect, {}, kOfWeights},
    ConfigKey{"min_input_size", kNoEffect, {}, kOfWeights},
    ConfigKey{"pool_size", kNoEffect, {}, "is for networks without tokens"},
    ConfigKey{"test_pool_size", kNoEffect, {}, "is for networks without tokens"},
    ConfigKey{"test_input_size", kNoEffect, {}, kOfTestSize},
    ConfigKey{"test_crop_pct", kNoEffect, {}, kOfTestSize},
    ConfigKey{"architecture", kNoEffect, {}, kOfSource},
    ConfigKey{"tag", kNoEffect, {}, kOfSource},
    ConfigKey{"url", kNoEffect, {}, kOfSource},
    ConfigKey{"file", kNoEffect, {}, kOfSource},
    ConfigKey{"source", kNoEffect, {}, kOfSource},
    ConfigKey{"hf_hub_id", kNoEffect, {}, kOfSource},
    ConfigKey{"hf_hub_filename", kNoEffect, {}, kOfSource},
    ConfigKey{"hf_hub", kNoEffect, {}, kOfSource},
    ConfigKey{"license", kNoEffect, {}, kOfSource},
    ConfigKey{"description", kNoEffect, {}, kOfSource},
    ConfigKey{"origin_url", kNoEffect, {}, kOfSource},
    ConfigKey{"paper_name", kNoEffect, {}, kOfSource},
    ConfigKey{"paper_ids", kNoEffect, {}, kOfSource},
    ConfigKey{"notes", kNoEffect, {}, kOfSource},
};

constexpr std::array<ConfigSchema, 3> kSchemas = {{
    {"preprocessor_config.json of ViT, DeiT, BiT (DINOv2), CLIP and SigLIP (transformers)",
     kClassifiers},
    {"preprocessor_config.json of DETR, Conditional DETR and YOLOS (transformers)", kDetectors},
    {"pretrained_cfg, and flat config.json (timm)", kTimm},
}};

}  // namespace

std::span<const ConfigSchema> preprocess_schemas() {
  return kSchemas;
}

const ConfigSchema& huggingface_schema(const Json& json, std::string_view model_type) {
  const Processor processor = processor_of(json, model_type);
  return kSchemas[processor == Processor::kDetr || processor == Processor::kYolos ? 1 : 0];
}

const ConfigSchema& timm_schema() {
  return kSchemas[2];
}

}  // namespace vitq
