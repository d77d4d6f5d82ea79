// SPDX-License-Identifier: Apache-2.0
// resize and crop against what Pillow, torchvision and transformers did.
#include <doctest/doctest.h>

#include <map>

#include "support/golden_images.h"
#include "vitq/error.h"
#include "vitq/image.h"
#include "vitq/preprocess.h"

using namespace vitq;
using namespace vitq::test;

namespace {

const std::map<std::string, Filter> kFilters = {
    {"nearest", Filter::kNearest}, {"box", Filter::kBox},         {"bilinear", Filter::kBilinear},
    {"hamming", Filter::kHamming}, {"bicubic", Filter::kBicubic}, {"lanczos", Filter::kLanczos}};

}  // namespace

TEST_CASE("resized images equal Pillow's byte for byte") {
  const GoldenImages golden;
  for (const std::string& name : golden.names("resize/")) {
    const std::vector<std::string> parts = split(name, '/');
    const std::vector<std::string> size = split(parts[2], 'x');
    const Filter filter = kFilters.at(parts[0]);
    const Image found =
        resize(golden.image("image/" + parts[1]), std::stoi(size[0]), std::stoi(size[1]), filter);
    check_equal(found, golden.image("resize/" + name), name);
  }
}

TEST_CASE("an image of the wanted size is left alone, and one of a single colour keeps it") {
  const GoldenImages golden;
  const Image image = golden.image("image/37x53");
  check_equal(resize(image, 37, 53, Filter::kBicubic), image, "37x53");
  Image grey = make_image(31, 17);
  grey.rgb.assign(grey.rgb.size(), 201);
  CHECK(resize(grey, 12, 40, Filter::kBicubic).rgb ==
        std::vector<std::uint8_t>(std::size_t{12} * 40 * 3, 201));
}

TEST_CASE("centred crops equal torchvision's and transformers', also where they pad") {
  const GoldenImages golden;
  for (const std::string& name : golden.names("crop/")) {
    const std::vector<std::string> parts = split(name, '/');
    const std::vector<std::string> size = split(parts[2], 'x');
    Preprocess preprocess;
    preprocess.resize = Preprocess::Resize::kNone;
    preprocess.crop_offset =
        parts[0] == "round" ? Preprocess::CropOffset::kRound : Preprocess::CropOffset::kFloor;
    preprocess.crop_width = std::stoi(size[0]);
    preprocess.crop_height = std::stoi(size[1]);
    check_equal(preprocess.pixels(golden.image("image/" + parts[1])), golden.image("crop/" + name),
                name);
  }
}

TEST_CASE("a crop takes what lies inside of the image and black elsewhere") {
  Image image = make_image(2, 2);
  for (std::size_t i = 0; i < image.rgb.size(); ++i) {
    image.rgb[i] = static_cast<std::uint8_t>(i + 1);
  }
  const Image part = crop(image, {1, -1, 2, 2});
  CHECK(part.rgb == std::vector<std::uint8_t>{0, 0, 0, 0, 0, 0, 4, 5, 6, 0, 0, 0});
  const std::vector<std::uint8_t> black(std::size_t{3} * 3 * 3, 0);
  CHECK(crop(image, {5, 5, 3, 3}).rgb == black);
  CHECK(crop(image, {-9, 0, 3, 3}).rgb == black);
}

TEST_CASE("around an image a crop has the colour that is asked for") {
  Image image = make_image(1, 1);
  image.rgb = {1, 2, 3};
  CHECK(crop(image, {-1, 0, 3, 1}, {7, 8, 9}).rgb ==
        std::vector<std::uint8_t>{7, 8, 9, 1, 2, 3, 7, 8, 9});
}

TEST_CASE("empty and enormous results are refused") {
  const Image image = make_image(4, 3);
  CHECK_THROWS_AS((void)resize(image, 0, 3, Filter::kBicubic), ShapeError);
  CHECK_THROWS_AS((void)resize(image, 4, -1, Filter::kBilinear), ShapeError);
  CHECK_THROWS_AS((void)crop(image, {0, 0, 0, 1}), ShapeError);
  CHECK_THROWS_AS((void)resize(image, 1 << 20, 1 << 20, Filter::kBicubic), LimitError);
  CHECK_THROWS_AS((void)crop(image, {0, 0, 1 << 20, 1 << 20}), LimitError);
}
