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

// The post-processing of transformers' processors, which is that of the networks' authors. Where
// `info.scores` is softmax, it takes each query's most probable class but the last, which means "no
// object"; the first of equal ones counts. `logits` are [queries, classes + 1]. Where it is
// sigmoid, there is no such class. It takes the 100 most probable pairs of query and class, the
// first of equal ones. Either keeps those of probability `threshold` or more, by falling score and
// then by rising query. `boxes` are [queries, 4]: centre and size as shares of the image's width
// and height.
std::vector<Detection> detections(std::span<const float> logits, std::span<const float> boxes,
                                  const ModelInfo& info, ImageSize image, float threshold);

}  // namespace vitq
