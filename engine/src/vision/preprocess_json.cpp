// SPDX-License-Identifier: Apache-2.0
// The canonical JSON form of a Preprocess: one flat object in which every field stands that is in
// use.
#include <algorithm>
#include <string_view>

#include "core/text.h"
#include "vision/preprocess_read.h"
#include "vitq/preprocess.h"

namespace vitq {
namespace {

constexpr std::array<std::string_view, 9> kResizes = {
    "none",        "exact",           "shortest_edge",      "inside_huggingface", "inside_timm",
    "around_timm", "within_facebook", "within_huggingface", "within_yolos"};
constexpr std::array<std::string_view, 6> kFilters = {"nearest", "box",     "bilinear",
                                                      "hamming", "bicubic", "lanczos"};
constexpr std::array<std::string_view, 2> kOffsets = {"round", "floor"};
constexpr std::array<std::string_view, 11> kKeys = {
    "resize",     "height",      "width", "longest", "filter", "crop_height",
    "crop_width", "crop_offset", "fill",  "mean",    "std"};

bool within(Preprocess::Resize resize) {
  return resize == Preprocess::Resize::kWithinFacebook ||
         resize == Preprocess::Resize::kWithinHuggingFace ||
         resize == Preprocess::Resize::kWithinYolos;
}

template <typename Enum, std::size_t kCount>
std::string_view name_in(const std::array<std::string_view, kCount>& names, Enum value) {
  return names[static_cast<std::size_t>(value)];
}

template <typename Enum, std::size_t kCount>
Enum value_in(const std::array<std::string_view, kCount>& names, const Json& json) {
  const std::string name = json.string();
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) {
    std::string known;
    for (const std::string_view each : names) known += cat(known.empty() ? "" : ", ", each);
    json.fail(cat("\"", name, "\" is none of ", known));
  }
  return static_cast<Enum>(found - names.begin());
}

Rgb read_colour(const Json& json) {
  const std::vector<Json> values = json.items();
  if (values.size() != 3) json.fail(cat("expected three bytes, found ", values.size()));
  Rgb colour;
  for (std::size_t c = 0; c < 3; ++c)
    colour[c] = static_cast<std::uint8_t>(values[c].integer(0, 255));
  return colour;
}

}  // namespace

Json Preprocess::to_json() const {
  Json json = Json::object();
  json.set("resize", name_in(kResizes, resize));
  json.set("height", height).set("width", width);
  if (within(resize)) json.set("longest", longest);
  json.set("filter", name_in(kFilters, filter));
  json.set("crop_height", crop_height).set("crop_width", crop_width);
  json.set("crop_offset", name_in(kOffsets, crop_offset));
  if (fill != Rgb{}) {
    json.set("fill", Json::array().push(int{fill[0]}).push(int{fill[1]}).push(int{fill[2]}));
  }
  json.set("mean", Json::array(std::span<const float>(mean)));
  json.set("std", Json::array(std::span<const float>(std)));
  return json;
}

Preprocess Preprocess::from_json(const Json& json) {
  for (const auto& [key, value] : json.members()) {
    if (std::find(kKeys.begin(), kKeys.end(), key) == kKeys.end()) value.fail("an unknown key");
  }
  Preprocess result;
  result.resize = value_in<Resize>(kResizes, json.at("resize"));
  result.height = read_side(json.at("height"));
  result.width = read_side(json.at("width"));
  if (within(result.resize)) result.longest = read_side(json.at("longest"));
  result.filter = value_in<Filter>(kFilters, json.at("filter"));
  result.crop_height = static_cast<int>(json.at("crop_height").integer(0, kMaxInputSide));
  result.crop_width = static_cast<int>(json.at("crop_width").integer(0, kMaxInputSide));
  result.crop_offset = value_in<CropOffset>(kOffsets, json.at("crop_offset"));
  if (const auto fill = json.find("fill")) result.fill = read_colour(*fill);
  result.mean = read_mean(json.at("mean"));
  result.std = read_std(json.at("std"));
  if ((result.crop_height == 0) != (result.crop_width == 0)) {
    json.at("crop_width").fail("crop_height and crop_width must be both zero or both positive");
  }
  const bool by_shorter = result.resize == Resize::kShortestEdge || within(result.resize);
  if (by_shorter && result.height != result.width) {
    json.at("width").fail("height and width must be equal where the shorter side is stated");
  }
  return result;
}

}  // namespace vitq
