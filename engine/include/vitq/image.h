// SPDX-License-Identifier: Apache-2.0
// Images: reading JPEG and PNG, writing PNG, and Pillow-exact resampling.
#pragma once

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

// Black. Throws ShapeError for an empty image, LimitError above 100 megapixels; so do resize and
// crop.
Image make_image(int width, int height);

// Whether the EXIF orientation of a JPEG turns the image.
enum class Exif { kApply, kIgnore };

// These functions read a JPEG or PNG by its content, whatever its name. Grey, palette, alpha and
// Adobe's CMYK become 8-bit RGB as Pillow's convert("RGB") does (alpha is dropped, not blended). Of
// 16-bit samples the high byte is kept. Pillow does so for colour, but clips grey ones at 255,
// which turns nearly all of such an image white. They throw FileError for anything else and for a
// truncated or damaged file. They throw UnsupportedError for the rarer kinds of JPEG, and
// LimitError above 16,384 pixels a side, 100 megapixels or 64 MiB of file. `name` is what messages
// call the data.
Image decode_image(std::span<const std::byte> bytes, const std::string& name, Exif exif);
Image read_image(const std::filesystem::path& path, Exif exif);

void write_png(const std::filesystem::path& path, const Image& image, Overwrite overwrite);

enum class Filter { kBilinear, kBicubic };

// This resamples to width x height, byte for byte as Image.resize of Pillow 13 does with that
// filter. Its antialiasing convolution has fixed-point coefficients, one pass along each axis, and
// an 8-bit clamp between. The columns are resampled first, except where the height shrinks by more
// than twice what the width does. Before Pillow 13 they always were, which makes single values
// differ by one.
Image resize(const Image& image, int width, int height, Filter filter);

// The part [left, left + width) x [top, top + height); outside of the image it is black.
Image crop(const Image& image, int left, int top, int width, int height);

}  // namespace vitq
