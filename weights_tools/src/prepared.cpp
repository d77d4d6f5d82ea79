// SPDX-License-Identifier: Apache-2.0
#include "prepared.h"

#include "vitq/with_context.h"

namespace vitq {

Image prepared_pixels(const std::filesystem::path& path, const Preprocess& preprocess,
                      const ImageLimits& limits) {
  const Image image = read_image(path, Exif::kIgnore, limits);
  return with_context(path.string(), [&] { return preprocess.pixels(image); });
}

}  // namespace vitq
