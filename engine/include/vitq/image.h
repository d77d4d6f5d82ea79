// SPDX-License-Identifier: Apache-2.0
// Pictures: reading JPEG and PNG, writing PNG, and Pillow-exact resampling.
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

Image make_image(int width, int height);  // black

// Whether the EXIF orientation of a JPEG turns the picture.
enum class Exif { kApply, kIgnore };

// Reads a JPEG or PNG by its content, whatever its name. Grey, palette, 16-bit and alpha become
// 8-bit RGB as Pillow's convert("RGB") does (alpha is dropped). Throws FileError for anything else,
// for a truncated or damaged file, and LimitError above 16,384 pixels a side, 100 megapixels or 64
// MiB of file. `name` is what messages call the data.
Image decode_image(std::span<const std::byte> bytes, const std::string& name, Exif exif);
Image read_image(const std::filesystem::path& path, Exif exif);

void write_png(const std::filesystem::path& path, const Image& image, Overwrite overwrite);

enum class Filter { kBilinear, kBicubic };

// Resamples to width x height, byte for byte as Pillow's Image.resize does with that filter (its
// antialiasing convolution: horizontal then vertical pass, fixed-point coefficients, 8-bit
// clamp between). Sizes >= 1.
Image resize(const Image& image, int width, int height, Filter filter);

// The part [left, left + width) x [top, top + height); outside of the picture it is black.
Image crop(const Image& image, int left, int top, int width, int height);

}  // namespace vitq
