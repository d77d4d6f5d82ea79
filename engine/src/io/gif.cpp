// SPDX-License-Identifier: Apache-2.0
// A GIF is a screen with a palette and blocks: extensions, and frames with palettes of their own.
// The pixels of a frame are indices, coded by LZW with codes of growing width.
#include "io/gif.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace vitq {
namespace {

using Palette = std::array<Rgb, 256>;

// The strings of LZW, each a shorter one and a last index. They are written to `out` back to front.
class LzwTable {
 public:
  explicit LzwTable(unsigned index_bits) : clear_(1U << index_bits) { reset(); }

  unsigned clear_code() const { return clear_; }
  unsigned end_code() const { return clear_ + 1; }
  unsigned next() const { return next_; }
  unsigned code_bits() const { return code_bits_; }

  void reset() {
    next_ = clear_ + 2;
    code_bits_ = 1;
    while (1U << code_bits_ <= clear_) ++code_bits_;
  }

  // When all codes are taken, the strings stay as they are until they are cleared.
  void add(unsigned prefix, std::uint8_t last) {
    if (next_ == kCodes) return;
    prefixes_[next_] = static_cast<std::uint16_t>(prefix);
    lasts_[next_] = last;
    ++next_;
    if (next_ == 1U << code_bits_ && next_ < kCodes) ++code_bits_;
  }

  std::uint8_t first(unsigned code) const {
    while (code > end_code()) code = prefixes_[code];
    return static_cast<std::uint8_t>(code);
  }

  void append(unsigned code, std::vector<std::uint8_t>& out) const {
    const std::size_t start = out.size();
    for (; code > end_code(); code = prefixes_[code]) out.push_back(lasts_[code]);
    out.push_back(static_cast<std::uint8_t>(code));
    std::reverse(out.begin() + static_cast<std::ptrdiff_t>(start), out.end());
  }

 private:
  static constexpr unsigned kCodes = 4096;

  unsigned clear_;
  unsigned next_ = 0;
  unsigned code_bits_ = 0;
  std::array<std::uint16_t, kCodes> prefixes_ = {};
  std::array<std::uint8_t, kCodes> lasts_ = {};
};

class GifReader {
 public:
  explicit GifReader(const ImageBytes& file) : file_(file) {}

  Image run() {
    const unsigned flags = file_.u8(10);
    std::size_t at = 13;
    read_palette(at, flags);
    for (;;) {
      const unsigned block = file_.u8(at++);
      if (block == ',') return read_frame(at);
      if (block != '!') file_.fail(at - 1, "an extension or a frame was expected");
      read_extension(at);
    }
  }

 private:
  struct Frame {
    unsigned left, top, width, height;
    bool interlaced;
  };

  // Without any palette, indices are shades of grey.
  void read_palette(std::size_t& at, unsigned flags) {
    if ((flags & 0x80U) == 0) return;
    palette_ = {};
    const std::size_t count = std::size_t{2} << (flags & 7U);
    const auto bytes = file_.range(at, 3 * count);
    for (std::size_t i = 0; i < 3 * count; ++i) {
      palette_[i / 3][i % 3] = std::to_integer<std::uint8_t>(bytes[i]);
    }
    at += bytes.size();
  }

  void read_extension(std::size_t& at) {
    constexpr unsigned kGraphicControl = 0xF9;
    if (file_.u8(at++) == kGraphicControl && file_.u8(at) >= 4) {
      background_ = (file_.u8(at + 1) & 1U) != 0 ? file_.u8(at + 4) : 0;
    }
    sub_blocks(at);
  }

  // Blocks of up to 255 bytes, each with its length, up to an empty one.
  std::vector<std::byte> sub_blocks(std::size_t& at) const {
    std::vector<std::byte> data;
    while (const unsigned size = file_.u8(at++)) {
      const auto block = file_.range(at, size);
      data.insert(data.end(), block.begin(), block.end());
      at += size;
    }
    return data;
  }

  Image read_frame(std::size_t at) {
    const std::size_t start = at;
    const unsigned flags = file_.u8(at + 8);
    const Frame frame = {file_.le16(at), file_.le16(at + 2), file_.le16(at + 4), file_.le16(at + 6),
                         (flags & 0x40U) != 0};
    if (frame.width == 0 || frame.height == 0) file_.fail(at, "an empty frame");
    const std::uint32_t width = std::max(file_.le16(6), frame.left + frame.width);
    const std::uint32_t height = std::max(file_.le16(8), frame.top + frame.height);
    file_.check_size(6, width, height);
    at += 9;
    read_palette(at, flags);
    const unsigned index_bits = file_.u8(at++);
    if (index_bits < 1 || index_bits > 8)
      file_.fail(at - 1, cat("indices of ", index_bits, " bits"));
    const std::vector<std::byte> data = sub_blocks(at);
    const std::vector<std::uint8_t> indices = decode(data, index_bits, frame, start);
    Image image = make_image(static_cast<int>(width), static_cast<int>(height));
    for (std::size_t i = 0; i < image.rgb.size(); ++i) image.rgb[i] = palette_[background_][i % 3];
    paint(frame, indices, image);
    return image;
  }

  // As many indices as the frame has pixels; what is coded beyond them is ignored.
  std::vector<std::uint8_t> decode(std::span<const std::byte> data, unsigned index_bits,
                                   const Frame& frame, std::size_t at) const {
    constexpr unsigned kNone = 0xFFFF;
    LzwTable table(index_bits);
    const std::size_t count = std::size_t{frame.width} * frame.height;
    std::vector<std::uint8_t> out;
    unsigned previous = kNone;
    std::size_t bit = 0;
    while (out.size() < count) {
      const unsigned code = code_at(data, bit, table.code_bits(), at);
      bit += table.code_bits();
      if (code == table.end_code()) file_.fail(at, "truncated: the frame ends before its last row");
      if (code == table.clear_code()) {
        table.reset();
        previous = kNone;
        continue;
      }
      if (code > table.next() || (previous == kNone && code > table.clear_code())) {
        file_.fail(at, "the frame's data are damaged: a code that stands for nothing");
      }
      if (previous != kNone)
        table.add(previous, table.first(code < table.next() ? code : previous));
      table.append(code, out);
      previous = code;
    }
    return out;
  }

  unsigned code_at(std::span<const std::byte> data, std::size_t bit, unsigned bits,
                   std::size_t at) const {
    if (bit + bits > 8 * data.size()) file_.fail(at, "truncated: the frame lacks pixels");
    std::uint32_t word = 0;
    for (std::size_t i = 0; i < 3 && bit / 8 + i < data.size(); ++i) {
      word |= std::to_integer<std::uint32_t>(data[bit / 8 + i]) << 8 * i;
    }
    return word >> bit % 8 & ((1U << bits) - 1);
  }

  void paint(const Frame& frame, std::span<const std::uint8_t> indices, Image& image) const {
    struct Pass {
      unsigned first, step;
    };
    constexpr std::array<Pass, 4> kInterlaced = {{{0, 8}, {4, 8}, {2, 4}, {1, 2}}};
    constexpr std::array<Pass, 1> kPlain = {{{0, 1}}};
    const std::span<const Pass> passes =
        frame.interlaced ? std::span<const Pass>(kInterlaced) : std::span<const Pass>(kPlain);
    for (const Pass& pass : passes) {
      for (unsigned y = pass.first; y < frame.height; y += pass.step) {
        std::uint8_t* row = image.row(static_cast<int>(frame.top + y));
        paint_row(indices.first(frame.width), row + 3 * std::size_t{frame.left});
        indices = indices.subspan(frame.width);
      }
    }
  }

  void paint_row(std::span<const std::uint8_t> indices, std::uint8_t* to) const {
    for (const std::uint8_t index : indices) to = std::copy_n(palette_[index].data(), 3, to);
  }

  static Palette greys() {
    Palette palette;
    for (std::size_t i = 0; i < palette.size(); ++i) palette[i].fill(static_cast<std::uint8_t>(i));
    return palette;
  }

  const ImageBytes& file_;
  Palette palette_ = greys();
  unsigned background_ = 0;
};

}  // namespace

bool looks_like_gif(std::span<const std::byte> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return text.starts_with("GIF87a") || text.starts_with("GIF89a");
}

Image decode_gif(const ImageBytes& file) {
  return GifReader(file).run();
}

}  // namespace vitq
