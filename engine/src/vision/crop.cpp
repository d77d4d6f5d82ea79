// SPDX-License-Identifier: Apache-2.0
// Cutting a rectangle out of an image, or placing the image in a larger, black one.
#include <algorithm>
#include <cstdint>

#include "vitq/image.h"

namespace vitq {

Image crop(const Image& image, int left, int top, int width, int height) {
  Image out = make_image(width, height);
  const std::int64_t first = std::max(0, left);
  const std::int64_t last = std::min<std::int64_t>(image.width, std::int64_t{left} + width);
  if (first >= last) return out;
  for (int y = 0; y < height; ++y) {
    const std::int64_t from = std::int64_t{top} + y;
    if (from < 0 || from >= image.height) continue;
    std::copy_n(image.row(static_cast<int>(from)) + 3 * first, 3 * (last - first),
                out.row(y) + 3 * (first - left));
  }
  return out;
}

}  // namespace vitq
