// SPDX-License-Identifier: Apache-2.0
// The orientation tag in sound and in broken EXIF records, and turning images by it.
#include "io/exif.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "support/image_files.h"

using namespace vitq;
using namespace vitq::test;

namespace {

// A number in the byte order of "II" (little) or "MM" (big).
std::string number(bool little, std::uint32_t value, int bytes) {
  const std::string big = big_endian(value, bytes);
  return little ? std::string(big.rbegin(), big.rend()) : big;
}

struct Record {
  bool little = true;
  unsigned magic = 42;
  std::uint32_t directory = 8;
  unsigned entries = 1;
  unsigned tag = 0x0112;
  unsigned type = 3;
  std::uint32_t count = 1;
  unsigned value = 6;

  std::string bytes() const {
    return (little ? "II" : "MM") + number(little, magic, 2) + number(little, directory, 4) +
           number(little, entries, 2) + number(little, tag, 2) + number(little, type, 2) +
           number(little, count, 4) + number(little, value, 2) + number(little, 0, 2) +
           number(little, 0, 4);
  }
};

int orientation_of(std::string_view tiff) {
  return exif_orientation(bytes_of(tiff));
}

// The letters of an image of one letter per pixel, row by row.
std::string letters(const Image& image) {
  std::string text;
  for (std::size_t i = 0; i < image.rgb.size(); i += 3) text += static_cast<char>(image.rgb[i]);
  return text;
}

}  // namespace

TEST_CASE("the orientation is found in both byte orders") {
  for (const bool little : {true, false}) {
    for (unsigned value = 1; value <= 8; ++value) {
      CHECK(orientation_of(Record{.little = little, .value = value}.bytes()) ==
            static_cast<int>(value));
    }
  }
}

TEST_CASE("a record that makes no sense counts as upright") {
  CHECK(orientation_of("") == 1);
  CHECK(orientation_of("II*") == 1);
  CHECK(orientation_of("garbage, but long enough to hold a directory") == 1);
  CHECK(orientation_of(Record{.magic = 43}.bytes()) == 1);
  CHECK(orientation_of(Record{.directory = 4000}.bytes()) == 1);
  CHECK(orientation_of(Record{.directory = 0xFFFFFFFF}.bytes()) == 1);
  CHECK(orientation_of(Record{.directory = 0xFFFFFFFE}.bytes()) == 1);
  CHECK(orientation_of(Record{.entries = 0}.bytes()) == 1);
  CHECK(orientation_of(Record{.entries = 65535, .tag = 0x0100}.bytes()) == 1);
  CHECK(orientation_of(Record{.tag = 0x0113}.bytes()) == 1);
  CHECK(orientation_of(Record{.type = 4}.bytes()) == 1);
  CHECK(orientation_of(Record{.count = 2}.bytes()) == 1);
  CHECK(orientation_of(Record{.value = 0}.bytes()) == 1);
  CHECK(orientation_of(Record{.value = 9}.bytes()) == 1);
}

TEST_CASE("a record cut off anywhere is upright until its entry is whole") {
  const std::string whole = Record{}.bytes();
  const std::size_t needed = 8 + 2 + 12;
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    CHECK(orientation_of(std::string_view(whole).substr(0, size)) == (size >= needed ? 6 : 1));
  }
}

TEST_CASE("each orientation puts the pixels where EXIF says") {
  // abc
  // def
  Image image = make_image(3, 2);
  for (std::size_t i = 0; i < image.rgb.size(); ++i) {
    image.rgb[i] = static_cast<std::uint8_t>('a' + i / 3);
  }
  const char* expected[] = {"abcdef", "cbafed", "fedcba", "defabc",
                            "adbecf", "daebfc", "fcebda", "cfbead"};
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const Image turned = upright(image, orientation);
    CHECK(letters(turned) == expected[orientation - 1]);
    CHECK(turned.width == (orientation < 5 ? 3 : 2));
    CHECK(turned.height == (orientation < 5 ? 2 : 3));
  }
}

TEST_CASE("large images turn as small ones do") {
  constexpr int kWidth = 201;
  constexpr int kHeight = 130;
  Image image = make_image(kWidth, kHeight);
  for (std::size_t i = 0; i < image.rgb.size(); ++i) {
    image.rgb[i] = static_cast<std::uint8_t>(i / 3 >> 8 * (i % 3));
  }
  const auto same = [&image](const Image& turned, int x, int y, int from_x, int from_y) {
    return std::equal(turned.row(y) + 3 * x, turned.row(y) + 3 * x + 3,
                      image.row(from_y) + 3 * from_x);
  };
  for (int orientation = 2; orientation <= 8; ++orientation) {
    const Image turned = upright(image, orientation);
    bool right = true;
    for (int y = 0; y < turned.height; ++y) {
      for (int x = 0; x < turned.width; ++x) {
        const int column = orientation < 5 ? x : y;
        const int row = orientation < 5 ? y : x;
        const bool mirrored = orientation == 2 || orientation == 3 || orientation >= 7;
        const bool upended =
            orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
        right = right && same(turned, x, y, mirrored ? kWidth - 1 - column : column,
                              upended ? kHeight - 1 - row : row);
      }
    }
    CAPTURE(orientation);
    CHECK(right);
  }
}
