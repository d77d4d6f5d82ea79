// SPDX-License-Identifier: Apache-2.0
#include "find_preprocess.h"

#include <algorithm>

#include "vitq/error.h"
#include "vitq/preprocess_schemas.h"

namespace vitq {

namespace {

Preprocess preset_named(const std::string& name, const Family& family, int size) {
  if (const auto found = preprocess_preset(name, size)) return *found;
  if (const auto found = preprocess_preset(name + "-" + std::string(family.name), size)) {
    return *found;
  }
  std::string known;
  for (const std::string_view each : preprocess_presets()) {
    known += (known.empty() ? "" : ", ") + std::string(each);
  }
  throw UnsupportedError("unknown preprocessing preset '" + name + "'; known: " + known);
}

FoundPreprocess from_huggingface(const Json& json, const std::string& model_type) {
  return {.preprocess = preprocess_from_huggingface(json, model_type),
          .unknown_keys = check_keys(json, huggingface_schema(json, model_type))};
}

// The keys of the old form, which has no pretrained_cfg, are checked with those of the network.
FoundPreprocess from_timm(const Json& config) {
  FoundPreprocess found = {.preprocess = preprocess_from_timm(config)};
  if (const auto nested = config.find("pretrained_cfg")) {
    found.unknown_keys = check_keys(*nested, timm_schema());
  }
  return found;
}

constexpr std::string_view kHint = " (--preset or --preprocessor set it)";

// Transformers' class for networks of this type, where only their config.json is there.
std::optional<FoundPreprocess> from_class(const Json& config, const Shape& image) {
  const auto type = config.find("model_type");
  if (!type) return std::nullopt;
  const auto found = preprocess_of_huggingface(type->string(), static_cast<int>(image[1]),
                                               static_cast<int>(image[2]));
  if (!found) return std::nullopt;
  return FoundPreprocess{.preprocess = *found,
                         .assumption = "preprocessing of transformers' class for " +
                                       type->string() + std::string(kHint)};
}

// The same pipeline for a network of another size: what it cuts off stays in proportion.
void scale_to(ImageSize size, Preprocess& steps) {
  const std::optional<ImageSize> before = size_after(steps);
  if (!before) return;
  const auto height = static_cast<int>(size.height);
  const auto width = static_cast<int>(size.width);
  const auto scaled = [](int side, int to, std::int64_t from) {
    return static_cast<int>(std::int64_t{side} * to / from);
  };
  const bool exact = steps.resize == Preprocess::Resize::kExact;
  steps.height = scaled(steps.height, exact ? height : std::max(height, width),
                        exact ? before->height : std::max(before->height, before->width));
  steps.width = exact ? scaled(steps.width, width, before->width) : steps.height;
  if (steps.crop_height == 0) return;
  steps.crop_height = height;
  steps.crop_width = width;
}

// timm derives the pipeline from the size.
Json with_input_size(const Json& config, ImageSize size) {
  Json extents = Json::array();
  extents.push(3).push(size.height).push(size.width);
  Json changed = config;
  if (const auto nested = config.find("pretrained_cfg")) {
    Json inner = *nested;
    inner.set("input_size", extents).set("fixed_input_size", false);
    return changed.set("pretrained_cfg", inner);
  }
  return changed.set("input_size", extents);
}

FoundPreprocess stated_preprocess(const Checkpoint& source, const ConvertOptions& options,
                                  const Family& family, const Shape& image) {
  const auto size = static_cast<int>(image[1]);
  if (!options.preset.empty()) return {.preprocess = preset_named(options.preset, family, size)};
  const auto stated = source.config.find("model_type");
  const std::string model_type = stated ? stated->string() : std::string(family.name);
  if (!options.preprocessor.empty()) {
    return from_huggingface(Json::read(options.preprocessor), model_type);
  }
  if (!source.preprocessor.is_null()) return from_huggingface(source.preprocessor, model_type);
  if (is_timm_config(source.config)) {
    return from_timm(options.image_size ? with_input_size(source.config, *options.image_size)
                                        : source.config);
  }
  if (auto found = from_class(source.config, image)) return *found;
  std::string usual = family.name == "deit" ? "fb-deit" : "timm-vit";
  if (family.task == Task::kDetection) usual = "fb-detr";
  return {.preprocess = *preprocess_preset(usual, size),
          .assumption = "preprocessing " + usual + std::string(kHint)};
}

}  // namespace

std::optional<ImageSize> size_after(const Preprocess& steps) {
  if (steps.crop_height > 0) return ImageSize{steps.crop_width, steps.crop_height};
  if (steps.resize != Preprocess::Resize::kExact) return std::nullopt;
  return ImageSize{steps.width, steps.height};
}

FoundPreprocess find_preprocess(const Checkpoint& source, const ConvertOptions& options,
                                const Family& family, const Shape& image) {
  FoundPreprocess found = stated_preprocess(source, options, family, image);
  if (options.image_size) scale_to(*options.image_size, found.preprocess);
  return found;
}

}  // namespace vitq
