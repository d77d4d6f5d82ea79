// SPDX-License-Identifier: Apache-2.0
// From an image to a network's input, as data: every pipeline in use is one value of Preprocess,
// stored in the model file. Reference implementations: timm transforms_factory, torchvision
// transforms on PIL images, Facebook's DeiT and DETR, transformers image processors.
#pragma once

#include <array>
#include <optional>

#include "vitq/image.h"
#include "vitq/json.h"
#include "vitq/tensor.h"

namespace vitq {

struct Preprocess {
  enum class Resize {
    kNone,
    kExact,         // to height x width, aspect ratio lost
    kShortestEdge,  // shorter side to `height`, the other by truncation (torchvision)
    // These keep the aspect ratio, too. The first two give the largest image inside of height x
    // width, the third the smallest around it.
    kInsideHuggingFace,  // extents truncated (transformers' max_height and max_width)
    kInsideTimm,         // halves to even (timm's crop_mode "border")
    kAroundTimm,         // the same (timm's "center" where height and width differ)
    // These are as kShortestEdge, but the longer side shall not exceed `longest`. Where it
    // would, Facebook's DETR rounds the shorter side (halves to even) and derives the longer from
    // it. The longer side may then exceed the limit by up to two pixels. Transformers derives it
    // from the side before rounding.
    kWithinFacebook,
    kWithinHuggingFace,
    kWithinYolos,  // as the one before, and then both sides lose what exceeds a multiple of 16
  };
  enum class CropOffset {
    kRound,  // int(round((extent - crop) / 2)), halves to even: torchvision, timm, Facebook
    kFloor,  // (extent - crop) // 2: transformers
  };

  Resize resize = Resize::kExact;
  int height = 224;  // target of kExact, kInside... and kAround...; otherwise the shorter side
  int width = 224;
  int longest = 0;  // of kWithin..., in pixels
  Filter filter = Filter::kBicubic;
  int crop_height = 0;  // centre crop; 0: none. Smaller images are padded with `fill`.
  int crop_width = 0;
  Rgb fill = {};
  CropOffset crop_offset = CropOffset::kRound;
  // Of pixels / 255, RGB. Another scaling of pixels is part of them.
  std::array<float, 3> mean = {0.485F, 0.456F, 0.406F};
  std::array<float, 3> std = {0.229F, 0.224F, 0.225F};

  friend bool operator==(const Preprocess&, const Preprocess&) = default;

  // The image as the network sees it, still in 8 bits.
  Image pixels(const Image& image) const;
  // The part of an image of this size that it sees, in the image's pixels: left, top, right,
  // bottom. It reaches beyond an image that is padded.
  std::array<double, 4> visible(int image_width, int image_height) const;

  // The canonical form stored in model files.
  Json to_json() const;
  static Preprocess from_json(const Json& json);
};

// Images of equal size to u8 [N, 3, H, W], plane by plane. Throws ShapeError if the sizes differ.
Tensor planes(std::span<const Image> images);
// Images of equal size to f32 [N, 3, H, W]: (p / 255 - mean) / std, computed in float as PyTorch
// does it. Throws ShapeError if the sizes differ.
Tensor normalize(std::span<const Image> images, const Preprocess& preprocess);

// This reads transformers' preprocessor_config.json of an image processor of ViT, DeiT, BiT, CLIP,
// SigLIP, DETR, its kin or YOLOS, old form or new. A plain integer "size" is a square for ViT and
// DeiT, and the shorter side for the others. What the file does not say is as in that processor's
// class. Where it names no processor, it is that of `model_type` in config.json.
// UnsupportedError is thrown for other processors,
// and for what vitq/preprocess_schemas.h calls fixed and has another value.
Preprocess preprocess_from_huggingface(const Json& json, std::string_view model_type = "vit");
// What that processor's class does for a network of this input, where no file says anything.
// Nothing for other types.
std::optional<Preprocess> preprocess_of_huggingface(std::string_view model_type, int height,
                                                    int width);
// timm's config.json in its nested form or in its old flat one, or a pretrained_cfg alone. This
// reads what resolve_data_config and create_transform read: input_size, interpolation, crop_pct,
// crop_mode, mean, std. As timm does it, model_args.img_size replaces a fixed input_size. Throws
// UnsupportedError for what cannot be done.
Preprocess preprocess_from_timm(const Json& json);
// Whether a config.json is timm's, in one of its forms or as transformers wraps it.
bool is_timm_config(const Json& json);
// A named pipeline for `size` x `size` networks: "timm-vit", "timm-deit", "fb-deit", "hf-deit",
// "hf-vit"; "fb-detr" and "hf-detr" for images whose shorter side becomes `size`. Nothing if the
// name is unknown.
std::optional<Preprocess> preprocess_preset(std::string_view name, int size);
// All names that preprocess_preset knows.
std::span<const std::string_view> preprocess_presets();

}  // namespace vitq
