// SPDX-License-Identifier: Apache-2.0
// Transformers' preprocessor_config.json, in its old (plain integers) and new (dictionaries) form.
#include <cmath>

#include "core/text.h"
#include "vision/preprocess_read.h"
#include "vitq/preprocess.h"

namespace vitq {
namespace {

// What the class of the image processor says where the file is silent.
Preprocess class_defaults(const Json& json) {
  auto type = json.find("image_processor_type");
  if (!type) type = json.find("feature_extractor_type");
  const std::string name = type ? type->string() : "ViTImageProcessor";
  Preprocess result;
  result.crop_offset = Preprocess::CropOffset::kFloor;
  result.mean = result.std = kHalves;
  if (name.starts_with("ViTImageProcessor") || name == "ViTFeatureExtractor") {
    result.filter = Filter::kBilinear;
  } else if (name.starts_with("DeiTImageProcessor") || name == "DeiTFeatureExtractor") {
    result.height = result.width = 256;
    result.crop_height = result.crop_width = 224;
  } else if (name.starts_with("DetrImageProcessor") || name == "DetrFeatureExtractor") {
    result = *preprocess_preset("hf-detr", 800);
  } else {
    refuse(*type, cat("image processor \"", name, "\"; those of ViT, DeiT and DETR are supported"));
  }
  return result;
}

bool flag(const Json& json, std::string_view key, bool otherwise) {
  const auto value = json.find(key);
  return value ? value->boolean() : otherwise;
}

// Of DETR: an old file states the shorter side and apart from it "max_size".
void read_detr_size(const Json& json, Preprocess& preprocess) {
  if (const auto longest = json.find("max_size")) preprocess.longest = read_side(*longest);
  const auto size = json.find("size");
  if (!size) return;
  const bool plain = !size->is_object();
  if (!plain && !size->find("shortest_edge")) {
    preprocess.resize = Preprocess::Resize::kExact;
    preprocess.height = read_side(size->at("height"));
    preprocess.width = read_side(size->at("width"));
    return;
  }
  preprocess.height = preprocess.width = read_side(plain ? *size : size->at("shortest_edge"));
  if (plain) return;
  if (const auto longest = size->find("longest_edge")) preprocess.longest = read_side(*longest);
}

void read_size(const Json& json, Preprocess& preprocess) {
  if (!json.is_object()) {
    preprocess.height = preprocess.width = read_side(json);
    return;
  }
  if (const auto shortest = json.find("shortest_edge")) {
    if (json.find("longest_edge")) refuse(json, "a limit on the longest edge is not supported");
    preprocess.resize = Preprocess::Resize::kShortestEdge;
    preprocess.height = preprocess.width = read_side(*shortest);
    return;
  }
  preprocess.height = read_side(json.at("height"));
  preprocess.width = read_side(json.at("width"));
}

void read_crop(const Json& json, Preprocess& preprocess) {
  if (!flag(json, "do_center_crop", preprocess.crop_height > 0)) {
    preprocess.crop_height = preprocess.crop_width = 0;
    return;
  }
  const auto size = json.find("crop_size");
  if (!size) {
    if (preprocess.crop_height == 0) json.fail("do_center_crop without crop_size");
    return;
  }
  const bool square = !size->is_object();
  preprocess.crop_height = read_side(square ? *size : size->at("height"));
  preprocess.crop_width = read_side(square ? *size : size->at("width"));
}

Filter read_resample(const Json& json) {
  constexpr std::array<std::string_view, 6> kNames = {"nearest", "lanczos", "bilinear",
                                                      "bicubic", "box",     "hamming"};
  const auto index = static_cast<std::size_t>(json.integer(0, kNames.size() - 1));
  if (kNames[index] == "bilinear") return Filter::kBilinear;
  if (kNames[index] == "bicubic") return Filter::kBicubic;
  refuse(json, cat("resample ", index, " (", kNames[index],
                   "); 2 (bilinear) and 3 (bicubic) are supported"));
}

void check_rescale(const Json& json) {
  constexpr double kTolerance = 1e-9;
  if (const auto rescale = json.find("do_rescale"); rescale && !rescale->boolean()) {
    refuse(*rescale, "false; pixels must be scaled by 1/255");
  }
  const auto factor = json.find("rescale_factor");
  if (factor && !(std::abs(factor->number() - 1.0 / 255.0) < kTolerance)) {
    refuse(*factor, cat(factor->number(), "; only 1/255 is supported"));
  }
}

void check_unsupported(const Json& json, bool of_detr) {
  if (!of_detr && flag(json, "do_pad", false))
    refuse(json.at("do_pad"), "padding is not supported");
  if (const auto crop = json.find("crop_pct")) refuse(*crop, "crop_pct is not supported");
}

}  // namespace

Preprocess preprocess_from_huggingface(const Json& json) {
  Preprocess result = class_defaults(json);
  check_rescale(json);
  // DETR pads images of different sizes to one batch, which a batch of one size does not need.
  const bool of_detr = result.resize == Preprocess::Resize::kWithinHuggingFace;
  check_unsupported(json, of_detr);
  if (of_detr) {
    read_detr_size(json, result);
  } else if (const auto size = json.find("size")) {
    read_size(*size, result);
  }
  if (!flag(json, "do_resize", true)) result.resize = Preprocess::Resize::kNone;
  if (const auto resample = json.find("resample")) result.filter = read_resample(*resample);
  read_crop(json, result);
  if (const auto mean = json.find("image_mean")) result.mean = read_mean(*mean);
  if (const auto std = json.find("image_std")) result.std = read_std(*std);
  if (!flag(json, "do_normalize", true)) {
    result.mean.fill(0.0F);
    result.std.fill(1.0F);
  }
  return result;
}

}  // namespace vitq
