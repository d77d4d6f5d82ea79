// SPDX-License-Identifier: Apache-2.0
// Whole images: decoding against Pillow, EXIF, writing and reading back.
#include "vitq/image.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>

#include "support/golden_images.h"
#include "support/image_files.h"
#include "support/malformed.h"
#include "support/temp_folder.h"
#include "vitq/error.h"

using namespace vitq;
using namespace vitq::test;

namespace {

struct Difference {
  int max = 0;
  double mean = 0.0;
};

Difference difference(const Image& a, const Image& b) {
  REQUIRE(a.width == b.width);
  REQUIRE(a.height == b.height);
  Difference result;
  for (std::size_t i = 0; i < a.rgb.size(); ++i) {
    const int distance = std::abs(int{a.rgb[i]} - int{b.rgb[i]});
    result.max = std::max(result.max, distance);
    result.mean += static_cast<double>(distance) / static_cast<double>(a.rgb.size());
  }
  return result;
}

}  // namespace

TEST_CASE("PNG files of every kind decode to what Pillow makes of them") {
  const GoldenImages golden;
  int checked = 0;
  for (const std::string& name : golden.names("file/")) {
    if (!name.ends_with(".png")) continue;
    check_equal(decode_image(golden.file(name), name, Exif::kApply),
                golden.image("decoded/" + name), name);
    ++checked;
  }
  CHECK(checked == 17);
}

TEST_CASE("WebP, BMP and GIF files of every kind decode to what Pillow makes of them") {
  const GoldenImages golden;
  int checked = 0;
  for (const std::string& name : golden.names("file/")) {
    if (name.ends_with(".png") || name.ends_with(".jpg")) continue;
    check_equal(decode_image(golden.file(name), name, Exif::kApply),
                golden.image("decoded/" + name), name);
    ++checked;
  }
  CHECK(checked == 8 + 11 + 10);
}

TEST_CASE("JPEG files of every kind decode to Pillow's image within rounding") {
  const GoldenImages golden;
  int checked = 0;
  for (const std::string& name : golden.names("file/")) {
    if (!name.ends_with(".jpg")) continue;
    Image found = decode_image(golden.file(name), name, Exif::kApply);
    Image expected = golden.image("decoded/" + name);
    if (name == "baseline_422.jpg") {
      // stb interpolates the last colour sample of a 4:2:2 row from the wrong side.
      found = crop(found, {0, 0, found.width - 2, found.height});
      expected = crop(expected, {0, 0, expected.width - 2, expected.height});
    }
    // Pillow's libjpeg rounds the inverse transform, colours and interpolation each on its own.
    const Difference distance = difference(found, expected);
    CHECK_MESSAGE(distance.max <= 3, name << ": " << distance.max);
    CHECK_MESSAGE(distance.mean <= 0.2, name << ": " << distance.mean);
    ++checked;
  }
  CHECK(checked == 19);
}

TEST_CASE("the EXIF orientation is applied or ignored as asked") {
  const GoldenImages golden;
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const std::string name = "exif_" + std::to_string(orientation) + ".jpg";
    const Image stored = decode_image(golden.file(name), name, Exif::kIgnore);
    CHECK(stored.width == 20);
    CHECK(stored.height == 13);
    const Image turned = decode_image(golden.file(name), name, Exif::kApply);
    CHECK(turned.width == (orientation < 5 ? 20 : 13));
    CHECK((turned.rgb == stored.rgb) == (orientation == 1));
  }
}

TEST_CASE("an image is known by its content, and what follows its end is ignored") {
  const GoldenImages golden;
  const TempFolder folder;
  for (const std::string name :
       {"rgb.png", "baseline_420.jpg", "lossy.webp", "rgb.bmp", "palette.gif"}) {
    std::vector<std::byte> bytes = golden.file(name);
    const Image whole = decode_image(bytes, name, Exif::kApply);
    for (const char letter : std::string("trailing \xFF\xD9 bytes")) {
      bytes.push_back(static_cast<std::byte>(letter));
    }
    const auto path =
        folder.file("misnamed.gif", {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    check_equal(read_image(path, Exif::kApply), whole, name);
  }
}

TEST_CASE("a written PNG reads back the same, and is not overwritten unasked") {
  const GoldenImages golden;
  const TempFolder folder;
  const Image image = golden.image("image/37x53");
  const auto path = folder.path() / "out.png";
  write_png(path, image, Overwrite::kNo);
  check_equal(read_image(path, Exif::kApply), image, "out.png");
  const Refusal refusal =
      refusal_of([&] { write_png(path, golden.image("image/1x9"), Overwrite::kNo); });
  CHECK(refusal.fault == Fault::kUnreadable);
  check_equal(read_image(path, Exif::kApply), image, "out.png");
  write_png(path, golden.image("image/1x9"), Overwrite::kYes);
  check_equal(read_image(path, Exif::kApply), golden.image("image/1x9"), "out.png");
}

TEST_CASE("a file that is absent or a folder is unreadable") {
  const TempFolder folder;
  CHECK(refusal_of([&] { (void)read_image(folder.path() / "no.png", Exif::kApply); }).fault ==
        Fault::kUnreadable);
  CHECK(refusal_of([&] { (void)read_image(folder.path(), Exif::kApply); }).fault ==
        Fault::kUnreadable);
}

TEST_CASE("the EXIF orientation of a WebP or PNG is applied or ignored as asked") {
  const GoldenImages golden;
  CHECK(decode_image(golden.file("exif.png"), "exif.png", Exif::kIgnore).width == 9);
  CHECK(decode_image(golden.file("exif.png"), "exif.png", Exif::kApply).width == 5);
  for (const std::string name : {"exif.webp", "exif_bare.webp"}) {
    CHECK(decode_image(golden.file(name), name, Exif::kIgnore).width == 31);
    CHECK(decode_image(golden.file(name), name, Exif::kApply).width == 22);
  }
}

TEST_CASE("the limits of an image can be lowered and raised") {
  const GoldenImages golden;
  for (const std::string name :
       {"rgb.png", "baseline_444.jpg", "lossy.webp", "placed.webp", "rgb.bmp", "palette.gif"}) {
    const std::vector<std::byte> bytes = golden.file(name);
    const Image image = decode_image(bytes, name, Exif::kIgnore);
    const std::int64_t pixels = std::int64_t{image.width} * image.height;
    CHECK_NOTHROW((void)decode_image(bytes, name, Exif::kIgnore, {.pixels = pixels}));
    CHECK_THROWS_AS((void)decode_image(bytes, name, Exif::kIgnore, {.pixels = pixels - 1}),
                    LimitError);
    CHECK_NOTHROW((void)decode_image(bytes, name, Exif::kIgnore, {.file_bytes = bytes.size()}));
    CHECK_THROWS_AS(
        (void)decode_image(bytes, name, Exif::kIgnore, {.file_bytes = bytes.size() - 1}),
        LimitError);
  }
  // 101 megapixels of grey, and the rows' filter bytes.
  const std::string large =
      png_file({.width = 10100, .height = 10000, .depth = 1, .colour = 0}, "");
  const auto refuse = [&](const ImageLimits& limits) {
    (void)decode_image(bytes_of(large), "large", Exif::kIgnore, limits);
  };
  CHECK_THROWS_AS(refuse({}), LimitError);
  CHECK_THROWS_AS(refuse({.pixels = 101'000'000}), FileError);  // it holds no rows
}

TEST_CASE("a file of more than 64 MiB is refused before it is read") {
  const TempFolder folder;
  const auto path = folder.file("large.png", kPngStart);
  std::filesystem::resize_file(path, (std::uintmax_t{64} << 20) + 1);
  CHECK_THROWS_AS((void)read_image(path, Exif::kApply), LimitError);
  std::filesystem::resize_file(path, std::uintmax_t{64} << 20);
  CHECK_THROWS_AS((void)read_image(path, Exif::kApply), FileError);
}
