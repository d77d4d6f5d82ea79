// SPDX-License-Identifier: Apache-2.0
// timm's pretrained_cfg, read as transforms_imagenet_eval and resolve_data_config do.
#include <cmath>

#include "core/text.h"
#include "vision/preprocess_read.h"
#include "vitq/preprocess.h"

namespace vitq {
namespace {

void read_input_size(const Json& json, Preprocess& preprocess) {
  const std::vector<Json> extents = json.items();
  if (extents.size() != 3) {
    json.fail(cat("expected channels, height and width, found ", extents.size(), " values"));
  }
  if (extents[0].integer(1, 65536) != 3) {
    refuse(extents[0], cat(extents[0].integer(1, 65536), " channels; only RGB is supported"));
  }
  preprocess.crop_height = read_side(extents[1]);
  preprocess.crop_width = read_side(extents[2]);
}

Filter read_filter(const Json& json) {
  const std::string name = json.string();
  if (name == "bilinear") return Filter::kBilinear;
  if (name == "bicubic") return Filter::kBicubic;
  refuse(json, cat("interpolation \"", name, "\"; bilinear and bicubic are supported"));
}

Preprocess::Resize read_crop_mode(const Json& json) {
  const std::string name = json.string();
  if (name == "center") return Preprocess::Resize::kShortestEdge;
  if (name == "squash") return Preprocess::Resize::kExact;
  refuse(json, cat("crop_mode \"", name, "\"; center and squash are supported"));
}

int resized_side(int size, double crop_pct, const Json& json) {
  const double side = std::floor(size / crop_pct);
  if (!(side >= 1 && side <= kMaxInputSide)) {
    json.fail(cat("crop_pct ", crop_pct, " makes ", size, " pixels of ", side, "; 1 to ",
                  kMaxInputSide, " expected"));
  }
  return static_cast<int>(side);
}

}  // namespace

Preprocess preprocess_from_timm(const Json& json) {
  constexpr double kDefaultCrop = 0.875;
  if (const auto nested = json.find("pretrained_cfg")) return preprocess_from_timm(*nested);
  Preprocess result;
  result.resize = Preprocess::Resize::kShortestEdge;
  result.crop_height = result.crop_width = 224;
  if (const auto size = json.find("input_size")) read_input_size(*size, result);
  if (const auto filter = json.find("interpolation")) result.filter = read_filter(*filter);
  if (const auto mode = json.find("crop_mode")) result.resize = read_crop_mode(*mode);
  if (const auto mean = json.find("mean")) result.mean = read_mean(*mean);
  if (const auto std = json.find("std")) result.std = read_std(*std);
  const auto crop = json.find("crop_pct");
  const double crop_pct = crop ? crop->number() : kDefaultCrop;
  result.height = resized_side(result.crop_height, crop_pct, crop ? *crop : json);
  result.width = resized_side(result.crop_width, crop_pct, crop ? *crop : json);
  if (result.resize == Preprocess::Resize::kShortestEdge && result.height != result.width) {
    refuse(json, "a centre crop that is not square; use crop_mode squash");
  }
  return result;
}

}  // namespace vitq
