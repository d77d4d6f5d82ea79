// SPDX-License-Identifier: Apache-2.0
// An image file as a network sees it.
#pragma once

#include <filesystem>

#include "vitq/preprocess.h"

namespace vitq {

// EXIF orientation is ignored, as training code does. Throws what reading the file throws; a limit
// that the image exceeds is told with the file's name.
Image prepared_pixels(const std::filesystem::path& path, const Preprocess& preprocess,
                      const ImageLimits& limits);

}  // namespace vitq
