// SPDX-License-Identifier: Apache-2.0
// Cutting a rectangle out of an image, or placing the image in a larger one of one colour.
#include <algorithm>
#include <cstdint>

#include "vitq/image.h"

namespace vitq {

Image crop(const Image& image, const Rectangle& part, const Rgb& fill) {
  Image out = make_image(part.width, part.height);
  if (fill != Rgb{}) {
    for (std::size_t i = 0; i < out.rgb.size(); ++i) out.rgb[i] = fill[i % 3];
  }
  const std::int64_t first = std::max(0, part.left);
  const std::int64_t last =
      std::min<std::int64_t>(image.width, std::int64_t{part.left} + part.width);
  if (first >= last) return out;
  for (int y = 0; y < part.height; ++y) {
    const std::int64_t from = std::int64_t{part.top} + y;
    if (from < 0 || from >= image.height) continue;
    std::copy_n(image.row(static_cast<int>(from)) + 3 * first, 3 * (last - first),
                out.row(y) + 3 * (first - part.left));
  }
  return out;
}

}  // namespace vitq
