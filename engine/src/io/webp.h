// SPDX-License-Identifier: Apache-2.0
// Decodes WebP files, lossy and lossless, by libwebp. A build without it (VITQ_WEBP) refuses them.
#pragma once

#include <string_view>

#include "io/image_limits.h"
#include "vitq/image.h"

namespace vitq {

inline bool looks_like_webp(std::span<const std::byte> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return text.size() >= 12 && text.starts_with("RIFF") && text.substr(8, 4) == "WEBP";
}

// The image, or of an animation the first frame on a black canvas. Throws FileError for what is
// damaged or truncated, LimitError, and UnsupportedError where there is no libwebp.
Image decode_webp(const ImageBytes& file, Exif exif);

}  // namespace vitq
