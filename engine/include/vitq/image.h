// SPDX-License-Identifier: Apache-2.0
// Images: reading JPEG, PNG, WebP, BMP and GIF, writing PNG, and Pillow-exact resampling.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "vitq/weights.h"

namespace vitq {

// 8-bit RGB pixels, [height][width][3].
struct Image {
  int width = 0;
  int height = 0;
  std::vector<std::uint8_t> rgb;

  std::uint8_t* row(int y) {
    return rgb.data() +
           std::size_t{3} * static_cast<std::size_t>(width) * static_cast<std::size_t>(y);
  }
  const std::uint8_t* row(int y) const {
    return rgb.data() +
           std::size_t{3} * static_cast<std::size_t>(width) * static_cast<std::size_t>(y);
  }
};

// Black. Throws ShapeError for an empty image, LimitError above 2^28 pixels; so do resize and crop.
Image make_image(int width, int height);

// Whether the EXIF orientation of a JPEG, PNG or WebP turns the image.
enum class Exif { kApply, kIgnore };

// What one image file may ask for. Both are checked before its pixels get memory.
struct ImageLimits {
  std::int64_t pixels = 100'000'000;  // width x height
  std::size_t file_bytes = std::size_t{64} << 20;
};

// These functions read a JPEG, PNG, WebP, BMP or GIF by its content, whatever its name. Of an
// animation they read the first frame. Grey, palette, alpha and Adobe's CMYK become 8-bit RGB as
// Pillow's convert("RGB") does (alpha is dropped, not blended). Of 16-bit samples the high byte is
// kept. Pillow does so for colour, but clips grey ones at 255, which turns nearly all of such an
// image white. They throw FileError for anything else and for a truncated or damaged file. They
// throw UnsupportedError for the rarer kinds of JPEG and BMP. LimitError is thrown above 16,384
// pixels a side and above `limits`. `name` is what messages call the data.
Image decode_image(std::span<const std::byte> bytes, const std::string& name, Exif exif,
                   const ImageLimits& limits = {});
Image read_image(const std::filesystem::path& path, Exif exif, const ImageLimits& limits = {});

void write_png(const std::filesystem::path& path, const Image& image, Overwrite overwrite);

enum class Filter { kNearest, kBox, kBilinear, kHamming, kBicubic, kLanczos };

// This resamples to width x height, byte for byte as Image.resize of Pillow 13 does with that
// filter. Its antialiasing convolution has fixed-point coefficients, one pass along each axis, and
// an 8-bit clamp between. The columns are resampled first, except where the height shrinks by more
// than twice what the width does. Before Pillow 13 they always were, which makes single values
// differ by one. kNearest takes single pixels.
Image resize(const Image& image, int width, int height, Filter filter);

struct Rectangle {
  int left = 0;
  int top = 0;
  int width = 0;
  int height = 0;
};

using Rgb = std::array<std::uint8_t, 3>;

// That part of the image; outside of the image it has the colour `fill`.
Image crop(const Image& image, const Rectangle& part, const Rgb& fill = {});

}  // namespace vitq
