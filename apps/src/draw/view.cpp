// SPDX-License-Identifier: Apache-2.0
#include "draw/view.h"

#include <algorithm>

namespace vitq::apps {

namespace {

constexpr int kPleasantWidth = 640;

}  // namespace

// The view stays the same in more pixels, because every size of the pipeline is multiplied.
Image enlarged_view(const Image& image, Preprocess preprocess) {
  const int width = preprocess.crop_width > 0 ? preprocess.crop_width : preprocess.width;
  const int times = std::max(1, (kPleasantWidth + width / 2) / width);
  preprocess.height *= times;
  preprocess.width *= times;
  preprocess.longest *= times;
  preprocess.crop_height *= times;
  preprocess.crop_width *= times;
  return preprocess.pixels(image);
}

}  // namespace vitq::apps
