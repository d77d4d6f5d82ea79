// SPDX-License-Identifier: Apache-2.0
// Checks a PNG file before it is decoded (ISO/IEC 15948).
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "io/image_limits.h"

namespace vitq {

// A PNG reduced to what its pixels need: IHDR, a palette of all 256 colours, one IDAT, IEND.
struct CheckedPng {
  int width = 0;
  int height = 0;
  int orientation = 1;  // of EXIF, 1 to 8
  std::vector<std::byte> bytes;
  std::span<const std::byte> compressed;  // the zlib stream inside `bytes`
  std::size_t inflated_bytes = 0;         // what it must hold: every row of every pass
};

// The same image with these inflated rows in place of its stream.
CheckedPng png_of_rows(const CheckedPng& png, std::span<const std::byte> rows);

bool looks_like_png(std::span<const std::byte> bytes);

// Walks every chunk up to IEND: order, lengths, CRCs, header fields, palette. What follows IEND is
// ignored, and so is transparency, since alpha is dropped. Throws FileError or LimitError.
CheckedPng check_png(const ImageBytes& file);

}  // namespace vitq
