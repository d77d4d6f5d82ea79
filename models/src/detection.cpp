// SPDX-License-Identifier: Apache-2.0
#include "vitq/detection.h"

#include <algorithm>
#include <cmath>

#include "vitq/finite.h"
#include "vitq/model.h"

namespace vitq {
namespace {

struct Best {
  std::int64_t id;
  float score;
};

// Answers the most probable class of one query, "no object" apart.
Best best_class(std::span<const float> logits) {
  const float largest = *std::max_element(logits.begin(), logits.end());
  double sum = 0.0;
  for (const float logit : logits)
    sum += std::exp(static_cast<double>(logit) - static_cast<double>(largest));
  const auto best = std::max_element(logits.begin(), logits.end() - 1);
  const double score = std::exp(static_cast<double>(*best) - static_cast<double>(largest)) / sum;
  return {best - logits.begin(), static_cast<float>(score)};
}

Box to_pixels(std::span<const float> centred, ImageSize image) {
  const auto width = static_cast<float>(image.width);
  const auto height = static_cast<float>(image.height);
  const float half_width = 0.5F * centred[2];
  const float half_height = 0.5F * centred[3];
  return {.x0 = (centred[0] - half_width) * width,
          .y0 = (centred[1] - half_height) * height,
          .x1 = (centred[0] + half_width) * width,
          .y1 = (centred[1] + half_height) * height};
}

}  // namespace

std::vector<Detection> detections(std::span<const float> logits, std::span<const float> boxes,
                                  const ModelInfo& info, ImageSize image, float threshold) {
  require_finite(logits, "logits");
  require_finite(boxes, "boxes");
  constexpr std::size_t kSides = 4;
  const std::size_t queries = boxes.size() / kSides;
  const std::size_t classes = logits.size() / queries;
  std::vector<Detection> found;
  for (std::size_t i = 0; i < queries; ++i) {
    const Best best = best_class(logits.subspan(i * classes, classes));
    if (!(best.score >= threshold)) continue;
    found.push_back({.id = best.id,
                     .label = info.label(best.id),
                     .score = best.score,
                     .box = to_pixels(boxes.subspan(i * kSides, kSides), image),
                     .query = static_cast<std::int64_t>(i)});
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const Detection& a, const Detection& b) { return a.score > b.score; });
  return found;
}

}  // namespace vitq
