// SPDX-License-Identifier: Apache-2.0
// Transformers' preprocessor_config.json, in its old (plain integers) and new (dictionaries) form.
// The references are image_processing_backends.py and the processors of transformers 5.23.
#include <cmath>
#include <set>

#include "core/text.h"
#include "vision/preprocess_read.h"
#include "vitq/preprocess.h"
#include "vitq/preprocess_schemas.h"

namespace vitq {
namespace {

// What the class of the image processor says where the file is silent.
Preprocess class_defaults(Processor processor) {
  if (processor == Processor::kDetr || processor == Processor::kYolos) {
    Preprocess detr = *preprocess_preset("hf-detr", kDetrSize);
    if (processor == Processor::kYolos) detr.resize = Preprocess::Resize::kWithinYolos;
    return detr;
  }
  Preprocess result;
  result.crop_offset = Preprocess::CropOffset::kFloor;
  result.mean = result.std = kHalves;
  if (processor == Processor::kVit) {
    result.filter = Filter::kBilinear;
  } else {
    result.height = result.width = 256;
    result.crop_height = result.crop_width = 224;
  }
  return result;
}

bool flag(const Json& json, std::string_view key, bool otherwise) {
  const auto value = json.find(key);
  return value ? value->boolean() : otherwise;
}

// The sides of [height, width].
void read_pair(const Json& json, int& height, int& width) {
  const std::vector<Json> sides = json.items();
  if (sides.size() != 2)
    json.fail(cat("expected height and width, found ", sides.size(), " values"));
  height = read_side(sides[0]);
  width = read_side(sides[1]);
}

// As transformers does, this takes exactly one of these sets of keys.
void read_size_keys(const Json& json, Preprocess& preprocess) {
  std::set<std::string, std::less<>> keys;
  for (const auto& [key, value] : json.members()) {
    if (!value.is_null()) keys.insert(key);
  }
  const auto are = [&](std::string_view a, std::string_view b) {
    return keys.size() == 2 && keys.contains(a) && keys.contains(b);
  };
  if (are("height", "width")) {
    preprocess.resize = Preprocess::Resize::kExact;
    preprocess.height = read_side(json.at("height"));
    preprocess.width = read_side(json.at("width"));
  } else if (are("max_height", "max_width")) {
    preprocess.resize = Preprocess::Resize::kInsideHuggingFace;
    preprocess.height = read_side(json.at("max_height"));
    preprocess.width = read_side(json.at("max_width"));
  } else if (are("shortest_edge", "longest_edge")) {
    preprocess.resize = Preprocess::Resize::kWithinHuggingFace;
    preprocess.height = preprocess.width = read_side(json.at("shortest_edge"));
    preprocess.longest = read_side(json.at("longest_edge"));
  } else if (keys.size() == 1 && keys.contains("shortest_edge")) {
    preprocess.resize = Preprocess::Resize::kShortestEdge;
    preprocess.height = preprocess.width = read_side(json.at("shortest_edge"));
  } else {
    json.fail(
        "expected height and width, max_height and max_width, or shortest_edge with or without "
        "longest_edge, and nothing else");
  }
}

void read_size(const Json& json, const Json& size, Preprocess& preprocess) {
  if (size.is_object()) return read_size_keys(size, preprocess);
  if (size.is_array()) {
    preprocess.resize = Preprocess::Resize::kExact;
    return read_pair(size, preprocess.height, preprocess.width);
  }
  const bool square = flag(json, "default_to_square", true);
  preprocess.resize = square ? Preprocess::Resize::kExact : Preprocess::Resize::kShortestEdge;
  preprocess.height = preprocess.width = read_side(size);
}

// Of detectors: an old file states the shorter side, and apart from it "max_size".
void read_detr_size(const Json& json, const Json& size, Preprocess& preprocess) {
  const Preprocess::Resize within = preprocess.resize;
  if (size.is_number()) {
    const auto longest = json.find("max_size");
    preprocess.height = preprocess.width = read_side(size);
    preprocess.longest = longest ? read_side(*longest) : kDetrLongest;
    return;
  }
  read_size(json, size, preprocess);
  if (preprocess.resize == Preprocess::Resize::kWithinHuggingFace) preprocess.resize = within;
  if (preprocess.resize == Preprocess::Resize::kShortestEdge) {
    size.fail("shortest_edge without longest_edge, which DETR's processor refuses, too");
  }
}

void read_crop(const Json& json, Preprocess& preprocess) {
  if (!flag(json, "do_center_crop", preprocess.crop_height > 0)) {
    preprocess.crop_height = preprocess.crop_width = 0;
    return;
  }
  const auto size = json.find("crop_size");
  if (!size) {
    if (preprocess.crop_height == 0) json.fail("do_center_crop without crop_size");
  } else if (size->is_array()) {
    read_pair(*size, preprocess.crop_height, preprocess.crop_width);
  } else {
    const bool square = !size->is_object();
    preprocess.crop_height = read_side(square ? *size : size->at("height"));
    preprocess.crop_width = read_side(square ? *size : size->at("width"));
  }
}

// PIL.Image.Resampling.
Filter read_resample(const Json& json) {
  constexpr std::array<Filter, 6> kFilters = {Filter::kNearest, Filter::kLanczos, Filter::kBilinear,
                                              Filter::kBicubic, Filter::kBox,     Filter::kHamming};
  return kFilters[static_cast<std::size_t>(json.integer(0, kFilters.size() - 1))];
}

// Pixels times another factor than 1/255 make the same with another mean and deviation.
void fold(double factor, const Json& json, Preprocess& preprocess) {
  constexpr double kTolerance = 1e-9;
  if (std::abs(factor - 1.0 / 255.0) < kTolerance) return;
  const double scale = 1.0 / (255.0 * factor);
  for (std::size_t c = 0; c < 3; ++c) {
    preprocess.mean[c] = static_cast<float>(scale * static_cast<double>(preprocess.mean[c]));
    preprocess.std[c] = static_cast<float>(scale * static_cast<double>(preprocess.std[c]));
    if (!(std::isnormal(preprocess.std[c]) && preprocess.std[c] > 0.0F &&
          std::isfinite(preprocess.mean[c]))) {
      json.fail(cat("a scale of pixels of ", factor, " is out of range"));
    }
  }
}

void read_values(const Json& json, Preprocess& preprocess) {
  if (const auto mean = json.find("image_mean")) preprocess.mean = read_mean(*mean);
  if (const auto std = json.find("image_std")) preprocess.std = read_std(*std);
  if (!flag(json, "do_normalize", true)) {
    preprocess.mean.fill(0.0F);
    preprocess.std.fill(1.0F);
  }
  const auto factor = json.find("rescale_factor");
  if (!flag(json, "do_rescale", true)) {
    fold(1.0, json, preprocess);
  } else if (factor) {
    fold(factor->number(), *factor, preprocess);
  }
}

}  // namespace

Processor processor_of(const Json& json, std::string_view model_type) {
  struct Known {
    std::string_view model_type, name;
    Processor processor;
  };
  constexpr std::array kKnown = {
      Known{"vit", "ViT", Processor::kVit},
      Known{"deit", "DeiT", Processor::kDeit},
      Known{"detr", "Detr", Processor::kDetr},
      Known{"table-transformer", "Detr", Processor::kDetr},
      Known{"conditional_detr", "ConditionalDetr", Processor::kDetr},
      Known{"yolos", "Yolos", Processor::kYolos},
  };
  auto type = json.find("image_processor_type");
  if (!type) type = json.find("feature_extractor_type");
  for (const Known& known : kKnown) {
    if (!type && known.model_type == model_type) return known.processor;
    for (const char* ending :
         {"ImageProcessor", "ImageProcessorFast", "ImageProcessorPil", "FeatureExtractor"}) {
      if (type && type->string() == cat(known.name, ending)) return known.processor;
    }
  }
  const std::string found = type ? cat("image processor \"", type->string(), "\"")
                                 : cat("image processor of model type \"", model_type, "\"");
  refuse(type ? *type : json,
         found + "; those of ViT, DeiT, DETR, Conditional DETR and YOLOS are supported");
}

Preprocess preprocess_from_huggingface(const Json& json, std::string_view model_type) {
  const Processor processor = processor_of(json, model_type);
  (void)check_keys(json, huggingface_schema(json, model_type));
  Preprocess result = class_defaults(processor);
  const bool of_detr = processor == Processor::kDetr || processor == Processor::kYolos;
  const auto size = json.find("size");
  if (size && of_detr) read_detr_size(json, *size, result);
  if (size && !of_detr) read_size(json, *size, result);
  if (!flag(json, "do_resize", true)) result.resize = Preprocess::Resize::kNone;
  if (result.resize != Preprocess::Resize::kWithinHuggingFace &&
      result.resize != Preprocess::Resize::kWithinYolos)
    result.longest = 0;
  if (const auto resample = json.find("resample")) result.filter = read_resample(*resample);
  if (!of_detr) read_crop(json, result);
  read_values(json, result);
  return result;
}

std::optional<Preprocess> preprocess_of_huggingface(std::string_view model_type, int height,
                                                    int width) {
  if (model_type == "yolos") return class_defaults(Processor::kYolos);
  if (model_type == "detr" || model_type == "table-transformer" || model_type == "conditional_detr")
    return class_defaults(Processor::kDetr);
  if (height < 1 || width < 1 || 256 * std::max(height, width) / 224 > kMaxInputSide) {
    throw LimitError(cat("an input of ", width, " x ", height, " pixels"));
  }
  Preprocess result = class_defaults(model_type == "deit" ? Processor::kDeit : Processor::kVit);
  result.height = height;
  result.width = width;
  if (model_type == "vit") return result;
  if (model_type != "deit") return std::nullopt;
  // The class crops 224 of 256 pixels, whatever the network.
  result.height = 256 * height / 224;
  result.width = 256 * width / 224;
  result.crop_height = height;
  result.crop_width = width;
  return result;
}

}  // namespace vitq
