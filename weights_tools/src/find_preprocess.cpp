// SPDX-License-Identifier: Apache-2.0
#include "find_preprocess.h"

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

}  // namespace

FoundPreprocess find_preprocess(const Checkpoint& source, const ConvertOptions& options,
                                const Family& family, const Shape& image) {
  const auto size = static_cast<int>(image[1]);
  if (!options.preset.empty()) return {.preprocess = preset_named(options.preset, family, size)};
  const auto stated = source.config.find("model_type");
  const std::string model_type = stated ? stated->string() : std::string(family.name);
  if (!options.preprocessor.empty()) {
    return from_huggingface(Json::read(options.preprocessor), model_type);
  }
  if (!source.preprocessor.is_null()) return from_huggingface(source.preprocessor, model_type);
  if (is_timm_config(source.config)) return from_timm(source.config);
  if (auto found = from_class(source.config, image)) return *found;
  std::string usual = family.name == "deit" ? "fb-deit" : "timm-vit";
  if (family.task == Task::kDetection) usual = "fb-detr";
  return {.preprocess = *preprocess_preset(usual, size),
          .assumption = "preprocessing " + usual + std::string(kHint)};
}

}  // namespace vitq
