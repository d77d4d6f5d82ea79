// SPDX-License-Identifier: Apache-2.0
// Which tables a JPEG has defined so far. Their contents are checked, not kept.
#pragma once

#include <array>
#include <cstddef>

#include "io/image_limits.h"

namespace vitq {

// The payload of a JPEG segment: what follows its marker and length.
struct Segment {
  std::size_t at;
  std::size_t size;
};

class JpegTables {
 public:
  // A DQT and a DHT segment. Throw FileError if a table does not fit its segment or is no prefix
  // code.
  void read_quantizers(const ImageBytes& file, const Segment& segment);
  void read_huffman(const ImageBytes& file, const Segment& segment);

  // Indices from 0 to 15; there are four tables of each kind.
  bool has_quantizer(unsigned index) const { return index < 4 && quantizers_[index]; }
  bool has_dc(unsigned index) const { return index < 4 && huffman_[0][index]; }
  bool has_ac(unsigned index) const { return index < 4 && huffman_[1][index]; }

 private:
  std::array<bool, 4> quantizers_ = {};
  std::array<std::array<bool, 4>, 2> huffman_ = {};
};

}  // namespace vitq
