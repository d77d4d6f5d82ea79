// SPDX-License-Identifier: Apache-2.0
// What a detector finds in an image.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace vitq {

struct ModelInfo;

struct Box {
  float x0 = 0.0F, y0 = 0.0F, x1 = 0.0F, y1 = 0.0F;  // pixels of the original image, unclipped
};

struct Detection {
  std::int64_t id = 0;  // of the class
  std::string label;
  float score = 0.0F;  // probability
  Box box;
  std::int64_t query = 0;  // the row of the network's outputs it comes from
};

struct ImageSize {
  std::int64_t width = 0, height = 0;
};

// DETR's post-processing: for each query the most probable class but the last, which means "no
// object" (of equal ones the first), if its probability is at least `threshold`; by falling score,
// equal ones by rising query. `logits` [queries, classes + 1], `boxes` [queries, 4] as centre and
// size relative to the image. Reference: PostProcess of facebookresearch/detr, models/detr.py.
std::vector<Detection> detections(std::span<const float> logits, std::span<const float> boxes,
                                  const ModelInfo& info, ImageSize image, float threshold);

}  // namespace vitq
