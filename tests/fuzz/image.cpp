// SPDX-License-Identifier: Apache-2.0
// An accepted image has as many pixels as it says. Each input is tried again with the checksums
// of its PNG chunks put right, since mutations rarely get past those.
#include "vitq/image.h"

#include "vitq/error.h"

static void read(std::span<const std::uint8_t> input) {
  try {
    const vitq::Image image = decode_image(std::as_bytes(input), "input", vitq::Exif::kApply);
    if (image.row(image.height) != image.rgb.data() + image.rgb.size() || image.width < 1)
      __builtin_trap();
  } catch (const vitq::Error&) {
  }
}

static std::uint32_t crc32(std::span<const std::uint8_t> bytes) {
  std::uint32_t crc = 0xFFFFFFFFU;
  for (const std::uint8_t byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1U) != 0 ? 0xEDB88320U : 0U);
  }
  return ~crc;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<std::uint8_t> input(data, data + size);
  read(input);
  for (std::size_t at = 8, length = 0; at + 12 <= size; at += 12 + length) {
    length = std::size_t{input[at + 2]} << 8 | input[at + 3];
    if (length > size - at - 12) break;
    const std::size_t end = at + 8 + length;
    const std::uint32_t crc = crc32({&input[at + 4], &input[end]});
    for (std::size_t i = 0; i < 4; ++i) input[end + i] = crc >> (24 - 8 * i) & 0xFFU;
  }
  if (size > 0 && input[0] == 0x89) read(input);
  return 0;
}
