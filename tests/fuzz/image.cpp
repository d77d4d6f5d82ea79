// SPDX-License-Identifier: Apache-2.0
// An accepted image has as many pixels as it says. Each input is tried again with the checksums
// of its PNG chunks put right, since mutations rarely get past those.
#include "vitq/image.h"

#include "fuzz/target.h"
#include "vitq/error.h"

static void read(std::span<const std::uint8_t> input) {
  const vitq::Image image = decode_image(std::as_bytes(input), "input", vitq::Exif::kApply);
  if (image.row(image.height) != image.rgb.data() + image.rgb.size()) __builtin_trap();
  if (image.width < 1) __builtin_trap();
}

static std::uint32_t crc32(std::span<const std::uint8_t> bytes) {
  std::uint32_t crc = 0xFFFFFFFFU;
  for (const std::uint8_t byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1U) != 0 ? 0xEDB88320U : 0U);
  }
  return ~crc;
}

static std::vector<std::uint8_t> with_checksums(std::span<const std::uint8_t> input) {
  std::vector<std::uint8_t> png(input.begin(), input.end());
  for (std::size_t at = 8, length = 0; at + 12 <= png.size(); at += 12 + length) {
    length = std::size_t{png[at + 2]} << 8 | png[at + 3];
    if (length > png.size() - at - 12) break;
    const std::size_t end = at + 8 + length;
    const std::uint32_t crc = crc32({&png[at + 4], &png[end]});
    for (std::size_t i = 0; i < 4; ++i) png[end + i] = crc >> (24 - 8 * i) & 0xFFU;
  }
  return png;
}

void check(std::span<const std::uint8_t> input) {
  try {
    if (!input.empty() && input[0] == 0x89) read(with_checksums(input));
  } catch (const vitq::Error&) {
  }
  read(input);
}
