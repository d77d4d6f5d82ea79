// SPDX-License-Identifier: Apache-2.0
// A BMP is a header, a palette or masks, and rows of whole 32-bit words, the last row first.
#include "io/bmp.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstdlib>

namespace vitq {
namespace {

constexpr std::size_t kFileHeader = 14;
constexpr std::size_t kOldHeader = 12;  // OS/2 1.x: 16-bit sizes, palettes of three bytes
constexpr std::size_t kMasks = 54;      // behind a header of 40 bytes, inside of longer ones

enum Compression : std::uint32_t { kRaw = 0, kMasked = 3, kAlphaMasked = 6 };

struct BmpHeader {
  std::size_t bytes = 0;
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  bool top_down = false;
  unsigned bits = 0;
  std::uint32_t compression = kRaw;
  std::uint32_t colours = 0;  // of the palette; 0: as many as the bits can name
  std::size_t data = 0;       // where the rows start
};

BmpHeader read_bmp_header(const ImageBytes& file) {
  constexpr std::array<std::size_t, 7> kSizes = {kOldHeader, 40, 52, 56, 64, 108, 124};
  BmpHeader header;
  header.data = file.le32(10);
  header.bytes = file.le32(kFileHeader);
  if (std::find(kSizes.begin(), kSizes.end(), header.bytes) == kSizes.end()) {
    file.fail(kFileHeader, cat("no BMP has a header of ", header.bytes, " bytes"));
  }
  if (header.bytes == kOldHeader) {
    header.width = file.le16(18);
    header.height = file.le16(20);
    header.bits = file.le16(24);
    return header;
  }
  const auto height = static_cast<std::int32_t>(file.le32(22));
  header.width = file.le32(18);
  header.top_down = height < 0;
  header.height = static_cast<std::uint32_t>(std::abs(std::int64_t{height}));
  header.bits = file.le16(28);
  header.compression = file.le32(30);
  header.colours = file.le32(46);
  return header;
}

void check_format(const ImageBytes& file, const BmpHeader& header) {
  constexpr std::array<unsigned, 6> kBits = {1, 4, 8, 16, 24, 32};
  file.check_size(18, header.width, header.height);
  if (std::find(kBits.begin(), kBits.end(), header.bits) == kBits.end()) {
    file.unsupported(cat("BMP of ", header.bits, " bits a pixel; 1, 4, 8, 16, 24 and 32 are read"));
  }
  const bool masked = header.compression == kMasked || header.compression == kAlphaMasked;
  if (header.compression != kRaw && !(masked && header.bits >= 16)) {
    file.unsupported(cat("compressed BMP (method ", header.compression, "); save it as PNG"));
  }
  if (header.data < kFileHeader + header.bytes) {
    file.fail(10, cat("the pixels start at byte ", header.data, ", inside of the header"));
  }
}

using Palette = std::array<Rgb, 256>;

Palette read_palette(const ImageBytes& file, const BmpHeader& header) {
  Palette palette = {};  // no pixel can point past its end: what it lacks is black
  const std::size_t entry = header.bytes == kOldHeader ? 3 : 4;
  const std::uint32_t most = 1U << header.bits;
  const std::uint32_t count = header.colours == 0 ? most : std::min(most, header.colours);
  const auto bytes = file.range(kFileHeader + header.bytes, entry * count);
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t c = 0; c < 3; ++c) {
      palette[i][c] = std::to_integer<std::uint8_t>(bytes[entry * i + 2 - c]);
    }
  }
  return palette;
}

void palette_row(std::span<const std::byte> row, unsigned bits, const Palette& palette,
                 std::span<std::uint8_t> out) {
  const unsigned mask = (1U << bits) - 1;
  for (std::size_t x = 0; 3 * x < out.size(); ++x) {
    const std::size_t bit = x * bits;
    const unsigned shift = 8 - bits - static_cast<unsigned>(bit % 8);
    const unsigned index = std::to_integer<unsigned>(row[bit / 8]) >> shift & mask;
    std::copy_n(palette[index].data(), 3, out.data() + 3 * x);
  }
}

// One colour of a pixel that holds all three: where its bits are, and what each value becomes.
struct Channel {
  std::uint32_t mask = 0;
  int shift = 0;
  std::array<std::uint8_t, 256> values = {};
};

Channel make_channel(const ImageBytes& file, std::uint32_t mask) {
  Channel channel{mask, std::countr_zero(mask)};
  const std::uint32_t most = mask == 0 ? 0 : mask >> channel.shift;
  if (most == 0 || most > 255 || (most & (most + 1)) != 0) {
    file.unsupported("BMP whose colours are not 1 to 8 neighbouring bits each; save it as PNG");
  }
  for (std::uint32_t value = 0; value <= most; ++value) {
    channel.values[value] = static_cast<std::uint8_t>(value * 255 / most);
  }
  return channel;
}

using Channels = std::array<Channel, 3>;

Channels read_channels(const ImageBytes& file, const BmpHeader& header) {
  std::array<std::uint32_t, 3> masks = {0xFF0000, 0xFF00, 0xFF};
  if (header.bits == 16) masks = {0x7C00, 0x3E0, 0x1F};
  if (header.compression != kRaw) {
    masks = {file.le32(kMasks), file.le32(kMasks + 4), file.le32(kMasks + 8)};
  }
  return {make_channel(file, masks[0]), make_channel(file, masks[1]), make_channel(file, masks[2])};
}

void colour_row(std::span<const std::byte> row, std::size_t pixel_bytes, const Channels& channels,
                std::span<std::uint8_t> out) {
  for (std::size_t x = 0; 3 * x < out.size(); ++x) {
    std::uint32_t pixel = 0;
    for (std::size_t i = 0; i < pixel_bytes; ++i) {
      pixel |= std::to_integer<std::uint32_t>(row[x * pixel_bytes + i]) << 8 * i;
    }
    for (std::size_t c = 0; c < 3; ++c) {
      out[3 * x + c] = channels[c].values[(pixel & channels[c].mask) >> channels[c].shift];
    }
  }
}

}  // namespace

bool looks_like_bmp(std::span<const std::byte> bytes) {
  return bytes.size() >= 2 && bytes[0] == std::byte{'B'} && bytes[1] == std::byte{'M'};
}

Image decode_bmp(const ImageBytes& file) {
  const BmpHeader header = read_bmp_header(file);
  check_format(file, header);
  const std::size_t stride = (std::size_t{header.width} * header.bits + 31) / 32 * 4;
  const auto rows = file.range(header.data, stride * header.height);
  const bool indexed = header.bits <= 8;
  const Palette palette = indexed ? read_palette(file, header) : Palette{};
  const Channels channels = indexed ? Channels{} : read_channels(file, header);
  Image image = make_image(static_cast<int>(header.width), static_cast<int>(header.height));
  for (std::uint32_t y = 0; y < header.height; ++y) {
    const auto row = rows.subspan(stride * y, stride);
    const auto to = static_cast<int>(header.top_down ? y : header.height - 1 - y);
    const std::span<std::uint8_t> out(image.row(to), std::size_t{3} * header.width);
    if (indexed) {
      palette_row(row, header.bits, palette, out);
    } else {
      colour_row(row, header.bits / 8, channels, out);
    }
  }
  return image;
}

}  // namespace vitq
