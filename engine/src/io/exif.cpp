// SPDX-License-Identifier: Apache-2.0
// A TIFF directory is read with every offset checked. A record that does not hold together counts
// as absent, because a broken camera note must not cost the image.
#include "io/exif.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>
#include <utility>

namespace vitq {
namespace {

class Tiff {
 public:
  explicit Tiff(std::span<const std::byte> bytes) : bytes_(bytes) {
    if (bytes.size() < 8) return;
    const bool intel = u8(0) == 'I' && u8(1) == 'I';
    const bool motorola = u8(0) == 'M' && u8(1) == 'M';
    little_ = intel;
    valid_ = (intel || motorola) && u16(2) == kMagic;
  }

  // The first value of a SHORT tag in the first directory.
  std::optional<unsigned> find_short(unsigned tag) const {
    if (!valid_) return std::nullopt;
    const std::size_t directory = u32(4);
    if (!fits(directory, 2)) return std::nullopt;
    const std::size_t entries = u16(directory);
    for (std::size_t i = 0; i < entries; ++i) {
      const std::size_t entry = directory + 2 + i * kEntryBytes;
      if (!fits(entry, kEntryBytes)) return std::nullopt;
      if (u16(entry) != tag) continue;
      const bool one_short = u16(entry + 2) == kShort && u32(entry + 4) == 1;
      return one_short ? std::optional(u16(entry + 8)) : std::nullopt;
    }
    return std::nullopt;
  }

 private:
  static constexpr unsigned kMagic = 42;
  static constexpr unsigned kShort = 3;
  static constexpr std::size_t kEntryBytes = 12;

  bool fits(std::size_t at, std::size_t count) const {
    return at <= bytes_.size() && count <= bytes_.size() - at;
  }
  unsigned u8(std::size_t at) const { return std::to_integer<unsigned>(bytes_[at]); }
  unsigned u16(std::size_t at) const {
    return little_ ? u8(at + 1) << 8 | u8(at) : u8(at) << 8 | u8(at + 1);
  }
  std::uint32_t u32(std::size_t at) const {
    return little_ ? u16(at + 2) << 16 | u16(at) : u16(at) << 16 | u16(at + 2);
  }

  std::span<const std::byte> bytes_;
  bool little_ = false;
  bool valid_ = false;
};

// How an upright image is read from the stored one: where its column and row indices go.
struct Turn {
  bool swap;    // rows become columns
  bool flip_x;  // of the stored image
  bool flip_y;
};

// How the stored pixels are walked to write upright ones, in bytes.
struct PixelWalk {
  const std::uint8_t* first;  // what becomes the upper left pixel
  std::ptrdiff_t across;      // to what stands beside it
  std::ptrdiff_t down;        // to what stands below it
};

constexpr Turn kTurns[8] = {
    {false, false, false}, {false, true, false}, {false, true, true}, {false, false, true},
    {true, false, false},  {true, false, true},  {true, true, true},  {true, true, false},
};

// Writes a square of at most `side` pixels.
void turn_tile(const PixelWalk& walk, int left, int top, int side, Image& out) {
  const int width = std::min(side, out.width - left);
  const int bottom = std::min(top + side, out.height);
  for (int y = top; y < bottom; ++y) {
    const std::uint8_t* from = walk.first + y * walk.down + left * walk.across;
    std::uint8_t* to = out.row(y) + std::ptrdiff_t{3} * left;
    for (int x = 0; x < width; ++x) std::memcpy(to + 3 * x, from + x * walk.across, 3);
  }
}

}  // namespace

int exif_orientation(std::span<const std::byte> tiff) {
  constexpr unsigned kOrientation = 0x0112;
  const unsigned value = Tiff(tiff).find_short(kOrientation).value_or(1);
  return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
}

Image upright(Image image, int orientation) {
  if (orientation == 1) return image;
  const Turn turn = kTurns[orientation - 1];
  Image out =
      turn.swap ? make_image(image.height, image.width) : make_image(image.width, image.height);
  // One step along a row of the stored image and along a column of it, and where the first is.
  const std::ptrdiff_t along = turn.flip_x ? -3 : 3;
  const std::ptrdiff_t down = std::ptrdiff_t{turn.flip_y ? -3 : 3} * image.width;
  const std::uint8_t* first = image.row(turn.flip_y ? image.height - 1 : 0) +
                              std::ptrdiff_t{3} * (turn.flip_x ? image.width - 1 : 0);
  const PixelWalk walk = {first, turn.swap ? down : along, turn.swap ? along : down};
  // Tiles keep the lines of both images in the cache, of which one goes across.
  constexpr int kTile = 64;
  for (int top = 0; top < out.height; top += kTile) {
    for (int left = 0; left < out.width; left += kTile) turn_tile(walk, left, top, kTile, out);
  }
  return out;
}

}  // namespace vitq
