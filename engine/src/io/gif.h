// SPDX-License-Identifier: Apache-2.0
// Decodes the first frame of GIF files (GIF87a, GIF89a).
#pragma once

#include "io/image_limits.h"
#include "vitq/image.h"

namespace vitq {

bool looks_like_gif(std::span<const std::byte> bytes);

// The first frame on its screen, as Pillow shows it: transparent pixels have the colour that the
// palette gives them. What the frame leaves of the screen has the transparent colour, or without
// one the palette's first. What follows the frame is not read. Throws FileError for what is damaged
// or truncated, and LimitError.
Image decode_gif(const ImageBytes& file);

}  // namespace vitq
