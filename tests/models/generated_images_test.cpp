// SPDX-License-Identifier: Apache-2.0
// Images that networks are calibrated on where there are none.
#include "generated_images.h"

#include <doctest/doctest.h>

#include <cmath>
#include <set>

using namespace vitq;

namespace {

// The mean of the squared differences of pixels so far apart in a row.
double difference(const Image& image, int distance) {
  double sum = 0.0;
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x + distance < image.width; ++x) {
      const auto i = static_cast<std::size_t>(y * image.width + x) * 3;
      const double off = image.rgb[i] - image.rgb[i + static_cast<std::size_t>(distance) * 3];
      sum += off * off;
    }
  }
  return sum / image.height / (image.width - distance);
}

}  // namespace

TEST_CASE("generated images are the same in every call, and each is another") {
  std::set<std::vector<std::uint8_t>> all;
  for (std::size_t i = 0; i < 8; ++i) {
    const Image image = generated_image(i, 40, 28);
    CHECK(image.width == 40);
    CHECK(image.height == 28);
    CHECK(image.rgb == generated_image(i, 40, 28).rgb);
    all.insert(image.rgb);
  }
  CHECK(all.size() == 8);
}

TEST_CASE("neighbours in generated images are alike, and the more so the nearer they are") {
  double near = 0.0;
  double middle = 0.0;
  double far = 0.0;
  for (std::size_t i = 0; i < 24; ++i) {
    const Image image = generated_image(i, 96, 96);
    near += difference(image, 1);
    middle += difference(image, 6);
    far += difference(image, 36);
  }
  CHECK(near > 0.0);
  CHECK(near < 0.6 * middle);
  CHECK(middle < 0.8 * far);
}
