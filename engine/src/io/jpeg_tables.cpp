// SPDX-License-Identifier: Apache-2.0
// The DQT and DHT segments of a JPEG (ITU-T T.81, B.2.4).
#include "io/jpeg_tables.h"

namespace vitq {
namespace {

// The number of codes that a table defines, which must fit a prefix code of at most 256 values.
std::size_t count_codes(const ImageBytes& file, std::size_t at) {
  std::size_t codes = 0;
  std::size_t room = 1;
  for (std::size_t length = 0; length < 16; ++length) {
    const std::size_t count = file.u8(at + length);
    room *= 2;
    if (count > room) file.fail(at, "a Huffman table with more codes than there are bits for");
    room -= count;
    codes += count;
  }
  if (codes > 256) file.fail(at, cat("a Huffman table of ", codes, " values; at most 256"));
  return codes;
}

}  // namespace

void JpegTables::read_quantizers(const ImageBytes& file, const Segment& segment) {
  std::size_t at = segment.at;
  const std::size_t end = segment.at + segment.size;
  while (at < end) {
    const unsigned head = file.u8(at);
    const unsigned wide = head >> 4;
    if (wide > 1 || (head & 15U) > 3) file.fail(at, "no such quantization table");
    quantizers_[head & 15U] = true;
    at += 1 + std::size_t{64} * (1 + wide);
  }
  if (at != end) file.fail(segment.at, "a DQT segment of wrong length");
}

void JpegTables::read_huffman(const ImageBytes& file, const Segment& segment) {
  std::size_t at = segment.at;
  const std::size_t end = segment.at + segment.size;
  while (at < end) {
    if (end - at < 17) file.fail(at, "a Huffman table that is too short");
    const unsigned head = file.u8(at);
    if (head >> 4 > 1 || (head & 15U) > 3) file.fail(at, "no such Huffman table");
    huffman_[head >> 4][head & 15U] = true;
    at += 17 + count_codes(file, at + 1);
  }
  if (at != end) file.fail(segment.at, "a DHT segment of wrong length");
}

}  // namespace vitq
