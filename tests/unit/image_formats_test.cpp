// SPDX-License-Identifier: Apache-2.0
// WebP, BMP and GIF files that are broken, cut off or unusual.
#include <doctest/doctest.h>

#include <string>

#include "support/golden_images.h"
#include "support/image_files.h"
#include "support/image_refusals.h"
#include "vitq/error.h"
#include "vitq/image.h"

using namespace vitq;
using namespace vitq::test;

namespace {

std::string golden_file(const std::string& name) {
  const std::vector<std::byte> bytes = GoldenImages().file(name);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// `file` with these bytes at that place.
std::string with(std::string file, std::size_t at, std::string_view bytes) {
  return file.replace(at, bytes.size(), bytes);
}

// Codes of a GIF, lowest bit first, in sub-blocks.
class GifCodes {
 public:
  void put(unsigned code, unsigned bits) {
    for (unsigned bit = 0; bit < bits; ++bit, ++count_) {
      if (count_ % 8 == 0) bytes_.push_back('\0');
      if ((code >> bit & 1U) != 0)
        bytes_.back() = static_cast<char>(bytes_.back() | 1 << count_ % 8);
    }
  }
  std::string blocks() const {
    std::string text;
    for (std::size_t at = 0; at < bytes_.size(); at += 255) {
      const std::string part = bytes_.substr(at, 255);
      text += static_cast<char>(part.size()) + part;
    }
    return text + '\0';
  }

 private:
  std::string bytes_;
  std::size_t count_ = 0;
};

// A GIF of 8-bit grey and this size, with the frame's codes.
std::string gif_file(unsigned width, unsigned height, const GifCodes& codes) {
  const std::string size = little_endian(width, 2) + little_endian(height, 2);
  return "GIF89a" + size + std::string(3, '\0') + "," + std::string(4, '\0') + size +
         std::string(1, '\0') + "\x08" + codes.blocks() + ";";
}

}  // namespace

TEST_CASE("BMP headers out of range are refused") {
  const std::string rgb = golden_file("rgb.bmp");
  const std::string indexed = golden_file("4bit.bmp");
  check_malformed({
      {"BM", "truncated"},
      {with(rgb, 14, little_endian(41, 4)), "a header of 41 bytes"},
      {with(rgb, 18, little_endian(0, 4)), "an empty image"},
      {with(rgb, 22, little_endian(0, 4)), "an empty image"},
      {with(rgb, 10, little_endian(20, 4)), "inside of the header"},
      {with(rgb, 10, little_endian(0xFFFFFFFF, 4)), "truncated"},
      {with(rgb, 18, little_endian(100, 4)), "truncated"},
      {with(rgb, 22, little_endian(1000, 4)), "truncated"},
  });
  check_refused<LimitError>(with(rgb, 18, little_endian(0x80000000, 4)), "2147483648");
  check_refused<LimitError>(with(rgb, 22, little_endian(0x80000000, 4)), "2147483648");
  check_refused<LimitError>(with(rgb, 18, little_endian(16384, 4) + little_endian(16384, 4)),
                            "megapixels");
  check_refused<UnsupportedError>(with(rgb, 28, little_endian(2, 2)), "2 bits");
  check_refused<UnsupportedError>(with(rgb, 28, little_endian(0, 2)), "0 bits");
  check_refused<UnsupportedError>(with(indexed, 30, little_endian(2, 4)), "compressed BMP");
  check_refused<UnsupportedError>(with(indexed, 30, little_endian(3, 4)), "compressed BMP");
  const std::string masked = golden_file("565.bmp");
  for (const std::uint32_t mask : {0U, 0x5U, 0x1FFU}) {
    check_refused<UnsupportedError>(with(masked, 54, little_endian(mask, 4)), "neighbouring bits");
  }
}

TEST_CASE("a palette of any stated length stays inside of the file") {
  const std::string indexed = golden_file("4bit.bmp");
  CHECK(decode(with(indexed, 46, little_endian(0xFFFFFFFF, 4))).width == 19);
  const std::string cut = with(with(indexed, 46, little_endian(0, 4)), 22, little_endian(1, 4));
  check_malformed({{cut.substr(0, 90), "truncated"}});
}

TEST_CASE("GIF blocks that are out of order or damaged are refused") {
  const std::string file = golden_file("interlaced.gif");
  const std::size_t frame = file.find(std::string(",\0\0\0\0", 5));
  REQUIRE(frame != std::string::npos);
  check_malformed({
      {"GIF89a", "truncated"},
      {with(file, frame, ";"), "an extension or a frame"},
      {with(file, frame, "x"), "an extension or a frame"},
      {with(file, frame + 5, std::string(2, '\0')), "an empty frame"},
      {with(file, frame + 10, "\x0C"), "indices of 12 bits"},
      {with(file, frame + 10, std::string(1, '\0')), "indices of 0 bits"},
      {with(file, frame + 7, little_endian(100, 2)), "truncated"},
      {with(file, frame + 12, "\xFF\xFF"), "stands for nothing"},
  });
  check_refused<LimitError>(with(file, 6, little_endian(0xFFFF, 2)), "65535");
  check_refused<LimitError>(with(file, frame + 1, little_endian(16384, 2)), "16384");
  check_refused<LimitError>(with(file, 6, little_endian(16384, 2) + little_endian(16384, 2)),
                            "megapixels");
}

// Each code is one pixel. A decoder adds a string for each all the same, and codes get wider until
// there are 4,096; then the table stays as it is.
TEST_CASE("the codes of a GIF grow to 12 bits and no further") {
  constexpr unsigned kWidth = 100;
  constexpr unsigned kHeight = 60;
  constexpr unsigned kClear = 256;
  GifCodes codes;
  codes.put(kClear, 9);
  for (unsigned i = 0; i < kWidth * kHeight; ++i) {
    const unsigned strings = kClear + 2 + (i == 0 ? 0 : i - 1);  // known when this code is read
    const unsigned bits = strings < 512 ? 9 : strings < 1024 ? 10 : strings < 2048 ? 11 : 12;
    codes.put(i * 7 % 251, bits);
  }
  const Image image = decode(gif_file(kWidth, kHeight, codes));
  bool equal = true;
  for (unsigned i = 0; i < kWidth * kHeight; ++i) equal &= image.rgb[3 * i + 1] == i * 7 % 251;
  CHECK(equal);
}

TEST_CASE("the first code of a GIF stands for itself, and a code may be the one that it makes") {
  GifCodes whole;
  for (const unsigned code : {256U, 7U, 258U, 259U}) whole.put(code, 9);  // 7, 7 7, 7 7 7
  CHECK(decode(gif_file(3, 2, whole)).rgb == std::vector<std::uint8_t>(18, 7));
  GifCodes first;
  for (const unsigned code : {256U, 258U, 7U}) first.put(code, 9);
  GifCodes next;
  for (const unsigned code : {256U, 7U, 259U}) next.put(code, 9);
  GifCodes end;
  for (const unsigned code : {256U, 7U, 257U}) end.put(code, 9);
  check_malformed({{gif_file(2, 1, first), "stands for nothing"},
                   {gif_file(2, 1, next), "stands for nothing"},
                   {gif_file(2, 1, end), "ends before its last row"},
                   {gif_file(16384, 6000, end), "ends before its last row"}});
}

TEST_CASE("WebP chunks that contradict each other or are beyond the limits are refused") {
  const std::string placed = golden_file("placed.webp");  // VP8X at 12, ANIM at 30, ANMF at 44
  const std::string lossy = golden_file("lossy.webp");
  check_malformed({
      {lossy.substr(0, 12), "damaged or truncated"},
      {with(lossy, 12, "VP9 "), "damaged or truncated"},
      {with(lossy, 23, "xyz"), "damaged"},
      {with(placed, 24, std::string("\x04\0\0\x04\0\0", 6)), "damaged or truncated"},
      {with(placed, 52, std::string("\xFF\0\0", 3)), "damaged or truncated"},
  });
  check_refused<LimitError>(with(placed, 24, "\xFF\xFF\x1F"), "pixels");
}

TEST_CASE("a WebP, BMP or GIF cut off anywhere is refused") {
  for (const std::string name :
       {"lossy.webp", "lossy_alpha.webp", "lossless.webp", "exif.webp", "animated.webp",
        "placed.webp", "rgb.bmp", "4bit.bmp", "565.bmp", "os2.bmp", "v4.bmp", "interlaced.gif",
        "local_palette.gif", "placed_transparent.gif"}) {
    const std::string whole = golden_file(name);
    // The byte that ends a GIF says nothing of its first frame.
    const std::size_t needed = whole.size() - (name.ends_with(".gif") ? 1 : 0);
    CHECK_NOTHROW((void)decode(whole.substr(0, needed)));
    for (std::size_t size = 0; size < needed; ++size) {
      CHECK_THROWS_AS_MESSAGE((void)decode(whole.substr(0, size)), FileError,
                              name << " cut to " << size << " bytes");
    }
  }
}

TEST_CASE("a flipped bit of a WebP, BMP or GIF never crashes") {
  for (const std::string name : {"lossless_alpha.webp", "exif_bare.webp", "placed.webp", "4bit.bmp",
                                 "565.bmp", "interlaced.gif", "placed_transparent.gif"}) {
    std::string file = golden_file(name);
    for (std::size_t bit = 0; bit < 8 * file.size(); ++bit) {
      const char before = file[bit / 8];
      file[bit / 8] = static_cast<char>(before ^ 1 << bit % 8);
      try {
        (void)decode(file);
      } catch (const Error&) {
      }
      file[bit / 8] = before;
    }
  }
}
