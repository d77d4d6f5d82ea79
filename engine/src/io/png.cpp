// SPDX-License-Identifier: Apache-2.0
// The chunk walk of a PNG and the minimal copy of it that the decoder is given.
#include "io/png.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "io/exif.h"

namespace vitq {
namespace {

constexpr std::array<unsigned char, 8> kSignature = {0x89, 'P', 'N', 'G', 0x0D, 0x0A, 0x1A, 0x0A};
constexpr std::uint32_t kChunkLimit = 0x7FFFFFFFU;
constexpr std::size_t kPaletteBytes = 3 * 256;

constexpr std::array<std::uint32_t, 256> make_crc_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) {
      value = (value & 1U) != 0 ? 0xEDB88320U ^ (value >> 1) : value >> 1;
    }
    table[i] = value;
  }
  return table;
}

std::uint32_t crc32(std::span<const std::byte> bytes) {
  static constexpr std::array<std::uint32_t, 256> kTable = make_crc_table();
  std::uint32_t value = 0xFFFFFFFFU;
  for (const std::byte byte : bytes) {
    value = kTable[(value ^ std::to_integer<std::uint32_t>(byte)) & 0xFFU] ^ (value >> 8);
  }
  return ~value;
}

void append_u32(std::vector<std::byte>& out, std::uint32_t value) {
  for (const int shift : {24, 16, 8, 0}) out.push_back(static_cast<std::byte>(value >> shift));
}

void append_chunk(std::vector<std::byte>& out, std::string_view type,
                  std::span<const std::byte> data) {
  append_u32(out, static_cast<std::uint32_t>(data.size()));
  const std::size_t start = out.size();
  for (const char letter : type) out.push_back(static_cast<std::byte>(letter));
  out.insert(out.end(), data.begin(), data.end());
  append_u32(out, crc32(std::span(out).subspan(start)));
}

// The last two chunks: the zlib stream, and the end.
void append_data(CheckedPng& png, std::span<const std::byte> stream) {
  const std::size_t start = png.bytes.size() + 8;
  append_chunk(png.bytes, "IDAT", stream);
  append_chunk(png.bytes, "IEND", {});
  png.compressed = std::span(png.bytes).subspan(start, stream.size());
}

// A zlib stream of these bytes, not compressed, in blocks of at most 65,535. Its checksum, which
// our decoder does not read, is left out.
std::vector<std::byte> stored(std::span<const std::byte> bytes) {
  constexpr std::size_t kBlock = 65'535;
  std::vector<std::byte> out = {std::byte{0x78}, std::byte{0x01}};
  while (!bytes.empty()) {
    const std::size_t size = std::min(kBlock, bytes.size());
    out.push_back(static_cast<std::byte>(size == bytes.size() ? 1 : 0));
    for (const std::size_t value : {size, ~size}) {
      out.push_back(static_cast<std::byte>(value & 0xFFU));
      out.push_back(static_cast<std::byte>(value >> 8 & 0xFFU));
    }
    out.insert(out.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    bytes = bytes.subspan(size);
  }
  return out;
}

enum ColourType : unsigned { kGrey = 0, kRgb = 2, kPalette = 3, kGreyAlpha = 4, kRgbAlpha = 6 };

class PngWalk {
 public:
  explicit PngWalk(const ImageBytes& file) : file_(file) {}

  CheckedPng run() {
    std::size_t at = kSignature.size();
    read_header(next_chunk(at));
    for (;;) {
      const Chunk chunk = next_chunk(at);
      if (chunk.type == "IEND") break;
      read_chunk(chunk);
    }
    if (colour_ == kPalette && palette_.empty()) file_.fail(at, "the palette (PLTE) is missing");
    if (data_.empty()) file_.fail(at, "there are no image data (IDAT)");
    return minimal();
  }

 private:
  struct Chunk {
    std::size_t at;
    std::string type;
    std::span<const std::byte> data;
  };

  Chunk next_chunk(std::size_t& at) const {
    const std::uint32_t length = file_.u32(at);
    if (length > kChunkLimit) file_.fail(at, cat("a chunk length of ", length));
    const std::span<const std::byte> body = file_.range(at + 4, std::size_t{length} + 4);
    Chunk chunk{at, std::string(reinterpret_cast<const char*>(body.data()), 4), body.subspan(4)};
    for (const char letter : chunk.type) {
      const bool ascii = (letter >= 'A' && letter <= 'Z') || (letter >= 'a' && letter <= 'z');
      if (!ascii) file_.fail(at + 4, "a chunk name that is not four letters");
    }
    if (file_.u32(at + 8 + length) != crc32(body)) {
      file_.fail(at, cat("the checksum of chunk ", chunk.type, " does not match its contents"));
    }
    at += std::size_t{12} + length;
    return chunk;
  }

  void read_header(const Chunk& chunk) {
    if (chunk.type != "IHDR" || chunk.data.size() != 13) {
      file_.fail(chunk.at, cat("chunk ", chunk.type, " of ", chunk.data.size(),
                               " bytes where IHDR of 13 bytes was expected"));
    }
    const std::size_t at = chunk.at + 8;
    header_ = chunk.data;
    width_ = file_.u32(at);
    height_ = file_.u32(at + 4);
    depth_ = file_.u8(at + 8);
    colour_ = file_.u8(at + 9);
    file_.check_size(at, width_, height_);
    check_format(at);
    interlaced_ = file_.u8(at + 12) == 1;
  }

  void check_format(std::size_t at) const {
    const bool power = depth_ == 1 || depth_ == 2 || depth_ == 4;
    const bool byte = depth_ == 8;
    const bool word = depth_ == 16;
    bool valid = false;
    switch (colour_) {
      case kGrey: valid = power || byte || word; break;
      case kPalette: valid = power || byte; break;
      case kRgb:
      case kGreyAlpha:
      case kRgbAlpha: valid = byte || word; break;
      default: break;
    }
    if (!valid) {
      file_.fail(at + 8, cat("no PNG has colour type ", colour_, " with ", depth_, " bits"));
    }
    if (file_.u8(at + 10) != 0 || file_.u8(at + 11) != 0 || file_.u8(at + 12) > 1) {
      file_.fail(at + 10, "an unknown compression, filter or interlace method");
    }
  }

  void read_chunk(const Chunk& chunk) {
    if (chunk.type == "IDAT") {
      if (data_ended_) file_.fail(chunk.at, "IDAT chunks that do not follow each other");
      data_.insert(data_.end(), chunk.data.begin(), chunk.data.end());
      return;
    }
    data_ended_ = !data_.empty();
    if (chunk.type == "PLTE") {
      read_palette(chunk);
    } else if (chunk.type == "eXIf") {
      orientation_ = exif_orientation(chunk.data);
    } else if (chunk.type[0] < 'a') {  // an upper-case first letter: readers must understand it
      file_.fail(chunk.at, cat("chunk ", chunk.type, " is not expected here"));
    }
  }

  void read_palette(const Chunk& chunk) {
    const std::size_t size = chunk.data.size();
    if (size == 0 || size % 3 != 0 || size > kPaletteBytes) {
      file_.fail(chunk.at, cat("a palette of ", size, " bytes; 3 to 768 by threes expected"));
    }
    if (!palette_.empty() || data_ended_ || colour_ == kGrey || colour_ == kGreyAlpha) {
      file_.fail(chunk.at, "a palette that does not belong here");
    }
    palette_.assign(chunk.data.begin(), chunk.data.end());
  }

  // Rows of one pass, each with its filter byte; a pass without pixels has no rows.
  std::size_t pass_bytes(std::size_t width, std::size_t height) const {
    constexpr std::array<std::size_t, 7> kChannels = {1, 0, 3, 1, 2, 0, 4};
    if (width == 0 || height == 0) return 0;
    return height * (1 + (width * kChannels[colour_] * depth_ + 7) / 8);
  }

  std::size_t inflated_bytes() const {
    struct Pass {
      std::size_t x, y, step_x, step_y;
    };
    constexpr std::array<Pass, 7> kAdam7 = {{{0, 0, 8, 8},
                                             {4, 0, 8, 8},
                                             {0, 4, 4, 8},
                                             {2, 0, 4, 4},
                                             {0, 2, 2, 4},
                                             {1, 0, 2, 2},
                                             {0, 1, 1, 2}}};
    if (!interlaced_) return pass_bytes(width_, height_);
    std::size_t total = 0;
    for (const Pass& pass : kAdam7) {
      total += pass_bytes((width_ + pass.step_x - 1 - pass.x) / pass.step_x,
                          (height_ + pass.step_y - 1 - pass.y) / pass.step_y);
    }
    return total;
  }

  CheckedPng minimal() {
    CheckedPng png;
    png.width = static_cast<int>(width_);
    png.height = static_cast<int>(height_);
    png.orientation = orientation_;
    png.inflated_bytes = inflated_bytes();
    for (const unsigned char byte : kSignature) png.bytes.push_back(static_cast<std::byte>(byte));
    append_chunk(png.bytes, "IHDR", header_);
    if (colour_ == kPalette) {
      palette_.resize(kPaletteBytes);  // so that no pixel can point past its end
      append_chunk(png.bytes, "PLTE", palette_);
    }
    append_data(png, data_);
    return png;
  }

  const ImageBytes& file_;
  std::span<const std::byte> header_;
  std::vector<std::byte> palette_;
  std::vector<std::byte> data_;
  bool data_ended_ = false;
  int orientation_ = 1;
  std::uint32_t width_ = 0;
  std::uint32_t height_ = 0;
  unsigned depth_ = 0;
  unsigned colour_ = 0;
  bool interlaced_ = false;
};

}  // namespace

bool looks_like_png(std::span<const std::byte> bytes) {
  return bytes.size() >= kSignature.size() &&
         std::equal(kSignature.begin(), kSignature.end(), bytes.begin(),
                    [](unsigned char a, std::byte b) { return static_cast<std::byte>(a) == b; });
}

CheckedPng png_of_rows(const CheckedPng& png, std::span<const std::byte> rows) {
  CheckedPng anew{png.width, png.height, png.orientation, {}, {}, rows.size()};
  constexpr std::size_t kChunkHead = 8;
  const auto head = static_cast<std::size_t>(png.compressed.data() - png.bytes.data()) - kChunkHead;
  anew.bytes.assign(png.bytes.begin(), png.bytes.begin() + static_cast<std::ptrdiff_t>(head));
  append_data(anew, stored(rows));
  return anew;
}

CheckedPng check_png(const ImageBytes& file) {
  return PngWalk(file).run();
}

}  // namespace vitq
