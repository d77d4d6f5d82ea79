// SPDX-License-Identifier: Apache-2.0
#include "prepared.h"

#include "vitq/error.h"

namespace vitq {

Image prepared_pixels(const std::filesystem::path& path, const Preprocess& preprocess,
                      const ImageLimits& limits) {
  const Image image = read_image(path, Exif::kIgnore, limits);
  try {
    return preprocess.pixels(image);
  } catch (const LimitError& error) {
    throw LimitError(path.string() + ": " + error.what());
  }
}

}  // namespace vitq
