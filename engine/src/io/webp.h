// SPDX-License-Identifier: Apache-2.0
// Decodes WebP files, lossy and lossless, by libwebp.
#pragma once

#include "io/image_limits.h"
#include "vitq/image.h"

namespace vitq {

bool looks_like_webp(std::span<const std::byte> bytes);

// The image, or of an animation the first frame on a black canvas. Throws FileError for what is
// damaged or truncated, and LimitError.
Image decode_webp(const ImageBytes& file, Exif exif);

}  // namespace vitq
