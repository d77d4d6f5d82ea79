// SPDX-License-Identifier: Apache-2.0
// PNG and JPEG files made by hand, whole or broken. Shares no code with the readers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vitq::test {

inline std::span<const std::byte> bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

inline std::string big_endian(std::uint32_t value, int bytes) {
  std::string text;
  for (int i = bytes - 1; i >= 0; --i) text += static_cast<char>(value >> (8 * i) & 0xFFU);
  return text;
}

inline std::string png_chunk(std::string_view type, std::string_view data) {
  const std::string body = std::string(type) + std::string(data);
  std::uint32_t crc = ~0U;
  for (const char letter : body) {
    crc ^= static_cast<unsigned char>(letter);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1U) != 0 ? 0xEDB88320U : 0U);
  }
  return big_endian(static_cast<std::uint32_t>(data.size()), 4) + body + big_endian(~crc, 4);
}

inline const std::string kPngStart = "\x89PNG\r\n\x1a\n";

struct PngHeader {
  std::uint32_t width = 2;
  std::uint32_t height = 2;
  unsigned depth = 8;
  unsigned colour = 2;
  unsigned compression = 0;
  unsigned filter = 0;
  unsigned interlace = 0;
};

inline std::string png_header(const PngHeader& header) {
  return png_chunk("IHDR", big_endian(header.width, 4) + big_endian(header.height, 4) +
                               big_endian(header.depth, 1) + big_endian(header.colour, 1) +
                               big_endian(header.compression, 1) + big_endian(header.filter, 1) +
                               big_endian(header.interlace, 1));
}

// A zlib stream of one stored block (at most 65,535 bytes).
inline std::string zlib_stored(std::string_view data) {
  std::uint32_t a = 1;
  std::uint32_t b = 0;
  for (const char letter : data) {
    a = (a + static_cast<unsigned char>(letter)) % 65521;
    b = (b + a) % 65521;
  }
  const auto size = static_cast<std::uint32_t>(data.size());
  const auto low_first = [](std::uint32_t value) {
    return big_endian(value & 0xFFU, 1) + big_endian(value >> 8 & 0xFFU, 1);
  };
  return "\x78\x01\x01" + low_first(size) + low_first(~size & 0xFFFFU) + std::string(data) +
         big_endian(b << 16 | a, 4);
}

// A PNG of these rows (each with its filter byte) and, before the data, these chunks.
inline std::string png_file(const PngHeader& header, std::string_view rows,
                            const std::string& chunks = "") {
  return kPngStart + png_header(header) + chunks + png_chunk("IDAT", zlib_stored(rows)) +
         png_chunk("IEND", "");
}

// A JPEG segment: marker, length, payload.
inline std::string jpeg_segment(unsigned marker, std::string_view payload) {
  return "\xFF" + big_endian(marker, 1) +
         big_endian(static_cast<std::uint32_t>(payload.size() + 2), 2) + std::string(payload);
}

// The parts of an 8 x 8 grey baseline JPEG whose single block is DC = 0 and nothing else; replace
// one to break it.
struct JpegParts {
  std::string quantizer = jpeg_segment(0xDB, std::string(1, '\0') + std::string(64, '\1'));
  std::string frame = jpeg_segment(0xC0, frame_payload(8, 8, 8));
  // One code of one bit each: category 0 for DC, end of block for AC.
  std::string huffman = jpeg_segment(0xC4, table(0x00) + table(0x10));
  std::string scan = jpeg_segment(0xDA, std::string("\x01\x01\x00\x00\x3F\x00", 6));
  std::string data = "\x3F";
  std::string end = "\xFF\xD9";

  static std::string table(unsigned head) {
    return big_endian(head, 1) + "\x01" + std::string(15, '\0') + std::string(1, '\0');
  }
  static std::string frame_payload(unsigned bits, unsigned height, unsigned width) {
    return big_endian(bits, 1) + big_endian(height, 2) + big_endian(width, 2) +
           std::string("\x01\x01\x11\x00", 4);
  }
  std::string file() const { return "\xFF\xD8" + quantizer + frame + huffman + scan + data + end; }
};

}  // namespace vitq::test
