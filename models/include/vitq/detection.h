// SPDX-License-Identifier: Apache-2.0
// This header has what a detector finds in an image.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace vitq {

struct ModelInfo;

struct Box {
  float x0 = 0.0F, y0 = 0.0F, x1 = 0.0F,
        y1 = 0.0F;  // in pixels of the original image; not clipped to it
};

struct Detection {
  std::int64_t id = 0;  // of its class
  std::string label;
  float score = 0.0F;  // probability
  Box box;
  std::int64_t query = 0;  // the row of the network's outputs that it comes from
};

struct ImageSize {
  std::int64_t width = 0, height = 0;
};

// DETR's post-processing, as PostProcess of facebookresearch/detr, models/detr.py. It takes each
// query's most probable class but the last, which means "no object"; the first of equal ones
// counts. It keeps those of probability `threshold` or more, by falling score and then by rising
// query. `logits` are [queries, classes + 1]. `boxes` are [queries, 4]: centre and size as shares
// of the image's width and height.
std::vector<Detection> detections(std::span<const float> logits, std::span<const float> boxes,
                                  const ModelInfo& info, ImageSize image, float threshold);

}  // namespace vitq
