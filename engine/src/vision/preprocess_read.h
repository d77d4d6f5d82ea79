// SPDX-License-Identifier: Apache-2.0
// Checked reading of the values that every description of a preprocessing has.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "core/text.h"
#include "vitq/error.h"
#include "vitq/image.h"
#include "vitq/json.h"

namespace vitq {

inline constexpr int kMaxInputSide = 8192;

// ImageNet's statistics, and the plain [-1, 1] scaling of the first ViT.
inline constexpr std::array<float, 3> kImageNetMean = {0.485F, 0.456F, 0.406F};
inline constexpr std::array<float, 3> kImageNetStd = {0.229F, 0.224F, 0.225F};
// CLIP's.
inline constexpr std::array<float, 3> kClipMean = {0.48145466F, 0.4578275F, 0.40821073F};
inline constexpr std::array<float, 3> kClipStd = {0.26862954F, 0.26130258F, 0.27577711F};
inline constexpr std::array<float, 3> kHalves = {0.5F, 0.5F, 0.5F};

// DETR's shorter and longest side; the longest keeps its ratio to other sizes.
inline constexpr int kDetrSize = 800;
inline constexpr int kDetrLongest = 1333;

[[noreturn]] inline void refuse(const Json& json, std::string_view message) {
  throw UnsupportedError(cat(json.place(), ": ", message));
}

// transformers' image processors.
enum class Processor { kVit, kDeit, kDetr, kYolos, kBit, kClip, kSiglip };

// The one that a preprocessor_config.json names, or else that of the network's type. Throws
// UnsupportedError for others.
Processor processor_of(const Json& json, std::string_view model_type);

// A side of an image in pixels, 1 to 8192.
inline int read_side(const Json& json) {
  return static_cast<int>(json.integer(1, kMaxInputSide));
}

// One of Pillow's filters by its name in lower case.
inline Filter read_filter(const Json& json) {
  const std::string name = json.string();
  if (name == "nearest") return Filter::kNearest;
  if (name == "box") return Filter::kBox;
  if (name == "bilinear") return Filter::kBilinear;
  if (name == "hamming") return Filter::kHamming;
  if (name == "bicubic") return Filter::kBicubic;
  if (name == "lanczos") return Filter::kLanczos;
  refuse(json, cat("interpolation \"", name,
                   "\"; nearest, box, bilinear, hamming, bicubic and lanczos are supported"));
}

// Three finite numbers; a single one stands for all channels.
inline std::array<float, 3> read_mean(const Json& json) {
  std::array<float, 3> result = {};
  if (json.is_number()) {
    result.fill(static_cast<float>(json.number()));
    if (!std::isfinite(result[0])) json.fail("a number too large for a float");
    return result;
  }
  const std::vector<float> values = json.floats();
  if (values.size() != 3) {
    json.fail("expected three numbers, found " + std::to_string(values.size()));
  }
  std::copy(values.begin(), values.end(), result.begin());
  return result;
}

// The same, each above zero.
inline std::array<float, 3> read_std(const Json& json) {
  const std::array<float, 3> result = read_mean(json);
  for (const float value : result) {
    if (!(value > 0.0F)) json.fail("a standard deviation must be above zero");
  }
  return result;
}

}  // namespace vitq
