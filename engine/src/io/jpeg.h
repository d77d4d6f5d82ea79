// SPDX-License-Identifier: Apache-2.0
// Checks a JPEG file before it is decoded (ITU-T T.81).
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "io/image_limits.h"

namespace vitq {

struct CheckedJpeg {
  int width = 0;
  int height = 0;
  int orientation = 1;               // of EXIF, 1 to 8
  std::span<const std::byte> bytes;  // the file up to its EOI marker, without what is no segment
  std::vector<std::byte> kept;       // holds them where something is left out
};

bool looks_like_jpeg(std::span<const std::byte> bytes);

// This walks every segment and scan up to EOI. It checks lengths, tables, frame and scan headers.
// It also checks that every component is coded and that there are enough data for the stated size.
// Bytes before a marker that belong to nothing are left out, as libjpeg does. What follows EOI is
// ignored. FileError or LimitError is thrown. UnsupportedError is thrown for
// arithmetic coding, lossless, hierarchical and 12-bit files, and for four-channel files that do
// not say how they store colour.
CheckedJpeg check_jpeg(const ImageBytes& file);

}  // namespace vitq
