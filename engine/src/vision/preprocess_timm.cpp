// SPDX-License-Identifier: Apache-2.0
// timm's pretrained_cfg, read as _parse_model_cfg (models/_hub.py), resolve_data_config and
// transforms_imagenet_eval do. What timm takes for absent is absent here: null, 0, "" and [].
#include <cmath>

#include "core/text.h"
#include "vision/preprocess_read.h"
#include "vitq/preprocess.h"
#include "vitq/preprocess_schemas.h"

namespace vitq {
namespace {

bool is_true(const std::optional<Json>& json) {
  if (!json) return false;
  if (json->is_boolean()) return json->boolean();
  if (json->is_number()) return json->number() != 0.0;
  if (json->is_string()) return !json->string().empty();
  return !json->is_array() || !json->items().empty();
}

// A value that timm reads by `or` or by truth.
std::optional<Json> stated(const Json& json, std::string_view key) {
  auto value = json.find(key);
  return is_true(value) ? value : std::nullopt;
}

void require_colour(const Json& channels) {
  const std::int64_t count = channels.integer(1, 65536);
  if (count != 3) refuse(channels, cat(count, " channels; only RGB is supported"));
}

void read_input_size(const Json& json, Preprocess& preprocess) {
  const std::vector<Json> extents = json.items();
  if (extents.size() != 3) {
    json.fail(cat("expected channels, height and width, found ", extents.size(), " values"));
  }
  require_colour(extents[0]);
  preprocess.crop_height = read_side(extents[1]);
  preprocess.crop_width = read_side(extents[2]);
}

// The arguments that the network was made with come before what its pretrained_cfg says.
void read_model_args(const Json& args, bool fixed_size, Preprocess& preprocess) {
  if (const auto channels = args.find("in_chans")) require_colour(*channels);
  const auto size = args.find("img_size");
  const auto strict = args.find("strict_img_size");
  const bool any_size = is_true(args.find("dynamic_img_size")) ||
                        is_true(args.find("use_naflex")) || (strict && !is_true(strict));
  if (!size || !fixed_size || any_size) return;
  if (!size->is_array()) {
    preprocess.crop_height = preprocess.crop_width = read_side(*size);
    return;
  }
  const std::vector<Json> extents = size->items();
  if (extents.size() != 2) size->fail(cat("expected two extents, found ", extents.size()));
  preprocess.crop_height = read_side(extents[0]);
  preprocess.crop_width = read_side(extents[1]);
}

Preprocess::Resize read_crop_mode(const Json& json) {
  const std::string name = json.string();
  if (name == "center") return Preprocess::Resize::kAroundTimm;
  if (name == "squash") return Preprocess::Resize::kExact;
  if (name == "border") return Preprocess::Resize::kInsideTimm;
  refuse(json, cat("crop_mode \"", name, "\"; center, squash and border are supported"));
}

int resized_side(int size, double crop_pct, const Json& json) {
  const double side = std::floor(size / crop_pct);
  if (!(side >= 1 && side <= kMaxInputSide)) {
    json.fail(cat("crop_pct ", crop_pct, " makes ", size, " pixels of ", side, "; 1 to ",
                  kMaxInputSide, " expected"));
  }
  return static_cast<int>(side);
}

void read_crop_of_timm(const Json& json, Preprocess& preprocess) {
  constexpr double kDefaultCrop = 0.875;
  const auto mode = stated(json, "crop_mode");
  preprocess.resize = mode ? read_crop_mode(*mode) : Preprocess::Resize::kAroundTimm;
  const auto crop = stated(json, "crop_pct");
  const double crop_pct = crop ? crop->number() : kDefaultCrop;
  preprocess.height = resized_side(preprocess.crop_height, crop_pct, crop ? *crop : json);
  preprocess.width = resized_side(preprocess.crop_width, crop_pct, crop ? *crop : json);
  // Of a square timm lets torchvision's Resize find the longer side, which truncates it.
  if (preprocess.resize == Preprocess::Resize::kAroundTimm &&
      preprocess.height == preprocess.width) {
    preprocess.resize = Preprocess::Resize::kShortestEdge;
  }
}

// Borders have the mean's colour.
Rgb border_colour(const Json& json, const std::array<float, 3>& mean) {
  const auto stated_mean = stated(json, "mean");
  const std::vector<Json> exact =
      stated_mean && stated_mean->is_array() ? stated_mean->items() : std::vector<Json>();
  Rgb colour;
  for (std::size_t c = 0; c < 3; ++c) {
    const double value = exact.empty() ? static_cast<double>(mean[c]) : exact[c].number();
    const double shade = std::nearbyint(255 * value);
    if (!(shade >= 0 && shade <= 255)) refuse(json, "a border of a mean outside of 0 to 1");
    colour[c] = static_cast<std::uint8_t>(shade);
  }
  return colour;
}

}  // namespace

bool is_timm_config(const Json& json) {
  return json.is_object() && (json.contains("pretrained_cfg") || json.contains("architecture"));
}

Preprocess preprocess_from_timm(const Json& json) {
  const auto nested = json.find("pretrained_cfg");
  const Json& config = nested ? *nested : json;
  (void)check_keys(config, timm_schema());
  Preprocess result;
  result.crop_height = result.crop_width = 224;
  if (const auto size = config.find("input_size")) read_input_size(*size, result);
  if (const auto args = json.find("model_args")) {
    read_model_args(*args, is_true(config.find("fixed_input_size")), result);
  }
  if (const auto filter = stated(config, "interpolation")) result.filter = read_filter(*filter);
  if (const auto mean = stated(config, "mean")) result.mean = read_mean(*mean);
  if (const auto std = stated(config, "std")) result.std = read_std(*std);
  read_crop_of_timm(config, result);
  if (result.resize == Preprocess::Resize::kInsideTimm) {
    result.fill = border_colour(config, result.mean);
  }
  return result;
}

}  // namespace vitq
