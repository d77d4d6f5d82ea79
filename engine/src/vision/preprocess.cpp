// SPDX-License-Identifier: Apache-2.0
// Carrying out a Preprocess: resize, centre crop, normalize.
#include "vitq/preprocess.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/text.h"
#include "vision/resize.h"
#include "vitq/error.h"

namespace vitq {
namespace {

// What each byte of each channel becomes.
template <typename T>
using ByteTable = std::array<std::array<T, 256>, 3>;

constexpr std::int64_t kMaxExtent = 1 << 20;  // of a resized image, in pixels

struct Size {
  int width;
  int height;
};

// get_size_with_aspect_ratio of facebookresearch/detr (datasets/transforms.py) and of transformers
// (models/detr/image_processing_detr.py), and get_size_with_aspect_ratio_yolos of transformers.
Size size_within(const Size& image, const Preprocess& preprocess) {
  constexpr int kYolosPatch = 16;
  using Resize = Preprocess::Resize;
  const double shorter = std::min(image.width, image.height);
  const double longer = std::max(image.width, image.height);
  double size = preprocess.height;
  double exact = size;
  if (longer / shorter * size > preprocess.longest) {
    exact = preprocess.longest * shorter / longer;
    size = std::nearbyint(exact);
  }
  const bool yolos = preprocess.resize == Resize::kWithinYolos;
  const bool upright = image.width < image.height;
  // That of YOLOS asks for the side of an upright image before it asks whether there is a change.
  const bool kept = shorter == size && !(yolos && upright);
  if (kept && !yolos) return {image.width, image.height};
  if (preprocess.resize == Resize::kWithinFacebook) exact = size;
  int short_side = static_cast<int>(size);
  int long_side = static_cast<int>(kept ? longer : exact * longer / shorter);
  if (yolos) {
    short_side -= short_side % kYolosPatch;
    long_side -= long_side % kYolosPatch;
  }
  if (short_side < 1 || long_side < 1) {
    throw LimitError(cat("an image of ", image.width, " x ", image.height, " would have no ",
                         yolos ? "whole patch" : "pixel", " left when its longer side becomes ",
                         preprocess.longest));
  }
  return upright ? Size{short_side, long_side} : Size{long_side, short_side};
}

// get_image_size_for_max_height_width of transformers (image_utils.py), and get_params of timm's
// ResizeKeepRatio (data/transforms.py). Both compute in double precision in this order.
Size size_to_fit(const Size& image, const Preprocess& preprocess) {
  double width = 0.0;
  double height = 0.0;
  if (preprocess.resize == Preprocess::Resize::kInsideHuggingFace) {
    const double scale = std::min(static_cast<double>(preprocess.height) / image.height,
                                  static_cast<double>(preprocess.width) / image.width);
    width = std::trunc(image.width * scale);
    height = std::trunc(image.height * scale);
  } else {
    const double down = static_cast<double>(image.height) / preprocess.height;
    const double across = static_cast<double>(image.width) / preprocess.width;
    const bool inside = preprocess.resize == Preprocess::Resize::kInsideTimm;
    const double ratio = inside ? std::max(down, across) : std::min(down, across);
    width = std::nearbyint(image.width / ratio);
    height = std::nearbyint(image.height / ratio);
  }
  if (width < 1 || height < 1 || width > kMaxExtent || height > kMaxExtent) {
    throw LimitError(cat("an image of ", image.width, " x ", image.height, " would become one of ",
                         width, " x ", height, " when it is fitted to ", preprocess.width, " x ",
                         preprocess.height));
  }
  return {static_cast<int>(width), static_cast<int>(height)};
}

// What the image becomes before it is cropped.
Size size_for(const Size& image, const Preprocess& preprocess) {
  switch (preprocess.resize) {
    case Preprocess::Resize::kNone: return {image.width, image.height};
    case Preprocess::Resize::kExact: return {preprocess.width, preprocess.height};
    case Preprocess::Resize::kWithinFacebook:
    case Preprocess::Resize::kWithinHuggingFace:
    case Preprocess::Resize::kWithinYolos: return size_within(image, preprocess);
    case Preprocess::Resize::kInsideHuggingFace:
    case Preprocess::Resize::kInsideTimm:
    case Preprocess::Resize::kAroundTimm: return size_to_fit(image, preprocess);
    case Preprocess::Resize::kShortestEdge: break;
  }
  const std::int64_t shorter = std::min(image.width, image.height);
  const std::int64_t longer = std::max(image.width, image.height);
  const std::int64_t extent = preprocess.height * longer / shorter;
  if (extent > kMaxExtent) {
    throw LimitError(cat("an image of ", image.width, " x ", image.height, " would become ", extent,
                         " pixels long when its shorter side becomes ", preprocess.height));
  }
  const int longest = static_cast<int>(extent);
  return image.width < image.height ? Size{preprocess.height, longest}
                                    : Size{longest, preprocess.height};
}

// Where a centred crop starts; negative if the image is smaller.
int crop_start(int extent, int size, Preprocess::CropOffset offset) {
  const int margin = extent - size;
  if (offset == Preprocess::CropOffset::kFloor) return (margin - (margin < 0 ? 1 : 0)) / 2;
  // An image that is too small is padded first, the odd row or column at the end.
  if (margin < 0) return margin / 2;
  const int half = margin / 2;
  return margin % 2 == 0 ? half : half + half % 2;  // halves go to the even neighbour
}

Rectangle crop_of(const Size& size, const Preprocess& preprocess) {
  if (preprocess.crop_height == 0) return {0, 0, size.width, size.height};
  return {crop_start(size.width, preprocess.crop_width, preprocess.crop_offset),
          crop_start(size.height, preprocess.crop_height, preprocess.crop_offset),
          preprocess.crop_width, preprocess.crop_height};
}

Rectangle common(const Rectangle& a, const Rectangle& b) {
  const int left = std::max(a.left, b.left);
  const int top = std::max(a.top, b.top);
  return {left, top, std::min(a.left + a.width, b.left + b.width) - left,
          std::min(a.top + a.height, b.top + b.height) - top};
}

}  // namespace

Image Preprocess::pixels(const Image& image) const {
  const Size size = size_for({image.width, image.height}, *this);
  const Rectangle all = {0, 0, size.width, size.height};
  if (crop_height == 0) return resize_part(image, size.width, size.height, filter, all);
  const Rectangle wanted = crop_of(size, *this);
  const Rectangle part = common(wanted, all);
  Image out = resize_part(image, size.width, size.height, filter, part);
  if (part.width == wanted.width && part.height == wanted.height) return out;
  return crop(out, {wanted.left - part.left, wanted.top - part.top, crop_width, crop_height}, fill);
}

std::array<double, 4> Preprocess::visible(int image_width, int image_height) const {
  const Size size = size_for({image_width, image_height}, *this);
  const Rectangle part = crop_of(size, *this);
  const double x = static_cast<double>(image_width) / size.width;
  const double y = static_cast<double>(image_height) / size.height;
  return {part.left * x, part.top * y, (part.left + part.width) * x, (part.top + part.height) * y};
}

namespace {

// Images of equal size as [N, 3, H, W], each pixel as `table` has it for its channel.
template <typename T>
Tensor planes_of(std::span<const Image> images, DType dtype, const ByteTable<T>& table) {
  if (images.empty()) throw ShapeError("no images to make a batch of");
  const int width = images[0].width;
  const int height = images[0].height;
  const auto plane = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
  Tensor out({static_cast<std::int64_t>(images.size()), 3, height, width}, dtype);
  T* to = out.as<T>().data();
  for (const Image& image : images) {
    if (image.width != width || image.height != height) {
      throw ShapeError(cat("images of ", width, " x ", height, " and ", image.width, " x ",
                           image.height, " do not fit one batch"));
    }
    for (std::size_t c = 0; c < 3; ++c, to += plane) {
      for (std::size_t i = 0; i < plane; ++i) to[i] = table[c][image.rgb[3 * i + c]];
    }
  }
  return out;
}

}  // namespace

Tensor planes(std::span<const Image> images) {
  ByteTable<std::uint8_t> table;
  for (auto& channel : table) std::iota(channel.begin(), channel.end(), std::uint8_t{0});
  return planes_of(images, DType::kU8, table);
}

Tensor normalize(std::span<const Image> images, const Preprocess& preprocess) {
  ByteTable<float> table;
  for (std::size_t c = 0; c < 3; ++c) {
    for (std::size_t p = 0; p < 256; ++p) {
      table[c][p] = (static_cast<float>(p) / 255.0F - preprocess.mean[c]) / preprocess.std[c];
    }
  }
  return planes_of(images, DType::kF32, table);
}

}  // namespace vitq
