// SPDX-License-Identifier: Apache-2.0
#include "vitq/detection.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "vitq/finite.h"
#include "vitq/model.h"

namespace vitq {
namespace {

struct Scored {
  std::size_t query;
  std::int64_t id;  // of its class
  float score;
};

// Answers the most probable class of one query, "no object" apart.
Scored best_class(std::size_t query, std::span<const float> logits) {
  const float largest = *std::max_element(logits.begin(), logits.end());
  double sum = 0.0;
  for (const float logit : logits)
    sum += std::exp(static_cast<double>(logit) - static_cast<double>(largest));
  const auto best = std::max_element(logits.begin(), logits.end() - 1);
  const double score = std::exp(static_cast<double>(*best) - static_cast<double>(largest)) / sum;
  return {query, best - logits.begin(), static_cast<float>(score)};
}

std::vector<Scored> best_of_each(std::span<const float> logits, std::size_t queries) {
  const std::size_t classes = logits.size() / queries;
  std::vector<Scored> all;
  for (std::size_t i = 0; i < queries; ++i)
    all.push_back(best_class(i, logits.subspan(i * classes, classes)));
  return all;
}

// Answers the most probable pairs of query and class, whose scores do not depend on each other.
std::vector<Scored> best_pairs(std::span<const float> logits, std::size_t queries) {
  constexpr std::size_t kKept = 100;
  const std::size_t classes = logits.size() / queries;
  std::vector<std::size_t> all(logits.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  std::vector<std::size_t> order(std::min(logits.size(), kKept));
  std::partial_sort_copy(all.begin(), all.end(), order.begin(), order.end(),
                         [&](std::size_t a, std::size_t b) {
                           return logits[a] != logits[b] ? logits[a] > logits[b] : a < b;
                         });
  std::vector<Scored> best;
  for (const std::size_t pair : order) {
    const double score = 1.0 / (1.0 + std::exp(-static_cast<double>(logits[pair])));
    best.push_back(
        {pair / classes, static_cast<std::int64_t>(pair % classes), static_cast<float>(score)});
  }
  return best;
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
  const bool pairs = info.scores == Scores::kSigmoid;
  std::vector<Detection> found;
  for (const Scored& best : pairs ? best_pairs(logits, queries) : best_of_each(logits, queries)) {
    if (!(best.score >= threshold)) continue;
    found.push_back({.id = best.id,
                     .label = info.label(best.id),
                     .score = best.score,
                     .box = to_pixels(boxes.subspan(best.query * kSides, kSides), image),
                     .query = static_cast<std::int64_t>(best.query)});
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const Detection& a, const Detection& b) { return a.score > b.score; });
  return found;
}

}  // namespace vitq
