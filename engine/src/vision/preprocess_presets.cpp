// SPDX-License-Identifier: Apache-2.0
// The named pipelines: what the authors of each family evaluate with.
#include <algorithm>
#include <cmath>
#include <string_view>

#include "core/text.h"
#include "vision/preprocess_read.h"
#include "vitq/error.h"
#include "vitq/preprocess.h"

namespace vitq {
namespace {

// The sources are: timm's _cfg of vision_transformer.py and deit.py, datasets.py of
// facebookresearch/deit, and the preprocessor_config.json of facebook/deit-* and google/vit-*.
// DETR's are datasets/coco.py of facebookresearch/detr and transformers' DetrImageProcessor.
constexpr std::array<std::string_view, 7> kNames = {"timm-vit", "timm-deit", "fb-deit", "hf-deit",
                                                    "hf-vit",   "fb-detr",   "hf-detr"};

// Both networks and the images they are cut from stay within kMaxInputSide.
constexpr int kMaxPresetSize = 7168;

constexpr double kFacebookCrop = 0.875;

// timm crops 0.9 at the size of pre-training, and nothing of the larger, fine-tuned networks.
double timm_crop(int size) {
  return size > 224 ? 1.0 : 0.9;
}

int scaled(int size, double crop) {
  return static_cast<int>(std::floor(size / crop));
}

Preprocess cropped(Preprocess::Resize resize, int side, int size) {
  Preprocess result;
  result.resize = resize;
  result.height = side;
  result.width = side;
  result.crop_height = size;
  result.crop_width = size;
  return result;
}

}  // namespace

std::optional<Preprocess> preprocess_preset(std::string_view name, int size) {
  using Resize = Preprocess::Resize;
  if (std::find(kNames.begin(), kNames.end(), name) == kNames.end()) return std::nullopt;
  if (size < 1 || size > kMaxPresetSize) {
    throw LimitError(cat("an input of ", size, " pixels; 1 to ", kMaxPresetSize, " expected"));
  }
  if (name == "timm-vit" || name == "timm-deit") {
    Preprocess timm = cropped(Resize::kShortestEdge, scaled(size, timm_crop(size)), size);
    if (name == "timm-vit") timm.mean = timm.std = kHalves;
    return timm;
  }
  if (name == "fb-deit") return cropped(Resize::kShortestEdge, scaled(size, kFacebookCrop), size);
  if (name == "hf-deit") {
    Preprocess deit = cropped(Resize::kExact, scaled(size, kFacebookCrop), size);
    deit.crop_offset = Preprocess::CropOffset::kFloor;
    return deit;
  }
  if (name.ends_with("-detr")) {
    Preprocess detr;
    detr.resize = name == "fb-detr" ? Resize::kWithinFacebook : Resize::kWithinHuggingFace;
    detr.height = detr.width = size;
    detr.longest = size * kDetrLongest / kDetrSize;
    detr.filter = Filter::kBilinear;
    return detr;
  }
  Preprocess vit;
  vit.height = vit.width = size;
  vit.filter = Filter::kBilinear;
  vit.crop_offset = Preprocess::CropOffset::kFloor;
  vit.mean = vit.std = kHalves;
  return vit;
}

std::span<const std::string_view> preprocess_presets() {
  return kNames;
}

}  // namespace vitq
