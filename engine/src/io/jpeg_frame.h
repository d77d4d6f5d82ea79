// SPDX-License-Identifier: Apache-2.0
// The frame header of a JPEG: size, components and their sampling.
#pragma once

#include <cstdint>
#include <vector>

#include "io/image_limits.h"
#include "io/jpeg_tables.h"

namespace vitq {

struct JpegComponent {
  unsigned id = 0;
  unsigned horizontal = 0;  // sampling factors
  unsigned vertical = 0;
  unsigned quantizer = 0;
  bool coded = false;  // its first (DC) scan has been seen
};

struct JpegFrame {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  bool progressive = false;
  std::vector<JpegComponent> components;  // empty: no frame header has been read

  // Null if there is none of that name.
  JpegComponent* find(unsigned id);
  // How many 8 x 8 blocks all components have.
  std::uint64_t blocks() const;
};

// Reads a baseline, extended or progressive frame header of 8 bits. Throws FileError, LimitError,
// UnsupportedError.
JpegFrame read_jpeg_frame(const ImageBytes& file, const Segment& segment, bool progressive);

}  // namespace vitq
