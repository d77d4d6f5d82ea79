// SPDX-License-Identifier: Apache-2.0
// Decodes BMP files (Microsoft's bitmap formats from OS/2 1.x to BITMAPV5HEADER).
#pragma once

#include "io/image_limits.h"
#include "vitq/image.h"

namespace vitq {

bool looks_like_bmp(std::span<const std::byte> bytes);

// 1, 4 or 8 bits with a palette, or 16, 24 or 32 bits with or without masks, upright or top-down. A
// colour of n bits becomes value * 255 / (2^n - 1), as in Pillow. Throws FileError for what is
// damaged or truncated, LimitError, and UnsupportedError for run lengths and wide masks.
Image decode_bmp(const ImageBytes& file);

}  // namespace vitq
