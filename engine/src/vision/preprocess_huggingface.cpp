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
  } else if (processor == Processor::kBit || processor == Processor::kClip) {
    result.resize = Preprocess::Resize::kShortestEdge;
    result.crop_height = result.crop_width = 224;
    result.mean = kClipMean;
    result.std = kClipStd;
  } else if (processor == Processor::kDeit) {
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

// `square` says what the class makes of a plain number.
void read_size(const Json& json, const Json& size, bool square, Preprocess& preprocess) {
  if (size.is_object()) return read_size_keys(size, preprocess);
  if (size.is_array()) {
    preprocess.resize = Preprocess::Resize::kExact;
    return read_pair(size, preprocess.height, preprocess.width);
  }
  square = flag(json, "default_to_square", square);
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
  read_size(json, size, false, preprocess);
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

struct ProcessorClass {
  std::string_view name;
  Processor processor;
};
constexpr std::array kClasses = {
    ProcessorClass{"ViT", Processor::kVit},
    ProcessorClass{"DeiT", Processor::kDeit},
    ProcessorClass{"Bit", Processor::kBit},
    ProcessorClass{"CLIP", Processor::kClip},
    ProcessorClass{"Siglip", Processor::kSiglip},
    ProcessorClass{"Detr", Processor::kDetr},
    ProcessorClass{"ConditionalDetr", Processor::kDetr},
    ProcessorClass{"Yolos", Processor::kYolos},
};

// By the model_type of config.json.
constexpr std::array kTypes = {
    ProcessorClass{"vit", Processor::kVit},
    ProcessorClass{"ijepa", Processor::kVit},
    ProcessorClass{"deit", Processor::kDeit},
    ProcessorClass{"detr", Processor::kDetr},
    ProcessorClass{"table-transformer", Processor::kDetr},
    ProcessorClass{"conditional_detr", Processor::kDetr},
    ProcessorClass{"yolos", Processor::kYolos},
    ProcessorClass{"dinov2", Processor::kBit},
    ProcessorClass{"dinov2_with_registers", Processor::kBit},
    ProcessorClass{"clip", Processor::kClip},
    ProcessorClass{"clip_vision_model", Processor::kClip},
    ProcessorClass{"siglip", Processor::kSiglip},
    ProcessorClass{"siglip_vision_model", Processor::kSiglip},
};

std::optional<Processor> processor_of_type(std::string_view model_type) {
  for (const ProcessorClass& each : kTypes) {
    if (each.name == model_type) return each.processor;
  }
  return std::nullopt;
}

}  // namespace

Processor processor_of(const Json& json, std::string_view model_type) {
  auto type = json.find("image_processor_type");
  if (!type) type = json.find("feature_extractor_type");
  if (!type) {
    if (const auto found = processor_of_type(model_type)) return *found;
  }
  for (const ProcessorClass& each : kClasses) {
    for (const char* ending :
         {"ImageProcessor", "ImageProcessorFast", "ImageProcessorPil", "FeatureExtractor"}) {
      if (type && type->string() == cat(each.name, ending)) return each.processor;
    }
  }
  const std::string found = type ? cat("image processor \"", type->string(), "\"")
                                 : cat("image processor of model type \"", model_type, "\"");
  refuse(type ? *type : json,
         found +
             "; those of ViT, DeiT, BiT (DINOv2), CLIP, SigLIP, DETR, Conditional DETR and YOLOS "
             "are supported");
}

Preprocess preprocess_from_huggingface(const Json& json, std::string_view model_type) {
  const Processor processor = processor_of(json, model_type);
  (void)check_keys(json, huggingface_schema(json, model_type));
  Preprocess result = class_defaults(processor);
  const bool of_detr = processor == Processor::kDetr || processor == Processor::kYolos;
  const auto size = json.find("size");
  if (size && of_detr) read_detr_size(json, *size, result);
  const bool square = processor == Processor::kVit || processor == Processor::kDeit;
  if (size && !of_detr) read_size(json, *size, square, result);
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
  const std::optional<Processor> processor = processor_of_type(model_type);
  if (!processor) return std::nullopt;
  Preprocess result = class_defaults(*processor);
  if (*processor == Processor::kDetr || *processor == Processor::kYolos) return result;
  if (height < 1 || width < 1 || 256 * std::max(height, width) / 224 > kMaxInputSide) {
    throw LimitError(cat("an input of ", width, " x ", height, " pixels"));
  }
  // The class's sizes are those of a network of 224 pixels.
  result.height = result.height * height / 224;
  result.width = result.width * width / 224;
  if (result.crop_height > 0) {
    result.crop_height = height;
    result.crop_width = width;
  }
  return result;
}

}  // namespace vitq
