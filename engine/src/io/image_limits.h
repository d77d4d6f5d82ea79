// SPDX-License-Identifier: Apache-2.0
// What the image readers share: the limits, and bounds-checked reading of a file held in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/text.h"
#include "vitq/error.h"
#include "vitq/image.h"

namespace vitq {

inline constexpr int kMaxImageSide = 16384;

// The bytes of an image file, what messages call it, and what it may ask for.
class ImageBytes {
 public:
  ImageBytes(std::span<const std::byte> bytes, const std::string& name, const ImageLimits& limits)
      : bytes_(bytes), name_(name), limits_(limits) {}

  std::size_t size() const { return bytes_.size(); }
  std::span<const std::byte> all() const { return bytes_; }

  // Big-endian numbers and ranges at an offset. Reading past the end throws: the file is truncated.
  unsigned u8(std::size_t at) const { return std::to_integer<unsigned>(range(at, 1)[0]); }
  unsigned u16(std::size_t at) const { return u8(at) << 8 | u8(at + 1); }
  std::uint32_t u32(std::size_t at) const { return u16(at) << 16 | u16(at + 2); }
  // Little-endian numbers.
  unsigned le16(std::size_t at) const { return u8(at) | u8(at + 1) << 8; }
  std::uint32_t le32(std::size_t at) const { return le16(at) | le16(at + 2) << 16; }
  std::span<const std::byte> range(std::size_t at, std::size_t count) const {
    if (at > bytes_.size() || count > bytes_.size() - at) {
      throw FileError(Fault::kMalformed, name_,
                      cat("truncated: ", count, " more bytes expected at byte ", at,
                          ", the file ends at byte ", bytes_.size()));
    }
    return bytes_.subspan(at, count);
  }

  [[noreturn]] void fail(std::size_t at, std::string_view message) const {
    throw FileError(Fault::kMalformed, name_, cat("byte ", at, ": ", message));
  }
  [[noreturn]] void unsupported(std::string_view message) const {
    throw UnsupportedError(cat(name_, ": ", message));
  }
  [[noreturn]] void beyond_limit(std::string_view message) const {
    throw LimitError(cat(name_, ": ", message));
  }

  // Throws unless an image of this size may be decoded.
  void check_size(std::size_t at, std::uint32_t width, std::uint32_t height) const {
    if (width == 0 || height == 0) fail(at, cat("an empty image: ", width, " x ", height));
    if (width > kMaxImageSide || height > kMaxImageSide) {
      beyond_limit(cat("an image of ", width, " x ", height, " pixels; at most ", kMaxImageSide,
                       " a side are supported"));
    }
    if (std::int64_t{width} * height > limits_.pixels) {
      beyond_limit(cat("an image of ", width, " x ", height, " pixels; the limit is set to ",
                       limits_.pixels / 1'000'000, " megapixels"));
    }
  }

 private:
  std::span<const std::byte> bytes_;
  const std::string& name_;
  const ImageLimits& limits_;
};

}  // namespace vitq
