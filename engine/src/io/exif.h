// SPDX-License-Identifier: Apache-2.0
// The one thing wanted of a camera's EXIF record: which way up the image is.
#pragma once

#include <cstddef>
#include <span>

#include "vitq/image.h"

namespace vitq {

// The orientation, 1 to 8, of the TIFF structure that follows "Exif\0\0" in an APP1 segment (EXIF
// 2.3, tag 0x0112, SHORT). 1, upright, if there is none or the structure makes no sense.
int exif_orientation(std::span<const std::byte> tiff);

// The image turned upright: `orientation` says where its first row and column belong.
Image upright(Image image, int orientation);

}  // namespace vitq
