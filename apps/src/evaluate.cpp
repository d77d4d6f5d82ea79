// SPDX-License-Identifier: Apache-2.0
#include "evaluate.h"

#include <chrono>
#include <cmath>
#include <exception>
#include <thread>

#include "progress.h"
#include "vitq/error.h"

namespace vitq::apps {

namespace {

using Pixels = std::vector<Image>;

// Reads and prepares images; the first of them that cannot be read throws, as if one thread had
// done it.
Pixels prepare(const Preprocess& preprocess, std::span<const LabelledImage> images, int threads) {
  Pixels pixels(images.size());
  std::vector<std::exception_ptr> errors(images.size());
  const auto stride = static_cast<std::size_t>(threads);
  const auto work = [&](std::size_t first) {
    for (std::size_t i = first; i < images.size(); i += stride) {
      try {
        pixels[i] = preprocess.pixels(read_image(images[i].path, Exif::kIgnore));
      } catch (...) {
        errors[i] = std::current_exception();
      }
    }
  };
  {
    std::vector<std::jthread> helpers;
    for (std::size_t t = 1; t < std::min(stride, images.size()); ++t) helpers.emplace_back(work, t);
    work(0);
  }
  for (const std::exception_ptr& error : errors) {
    if (error) std::rethrow_exception(error);
  }
  return pixels;
}

void count(Accuracy& accuracy, const Tensor& logits, std::span<const LabelledImage> images) {
  const std::span<const float> all = logits.as<float>();
  const auto classes = static_cast<std::size_t>(logits.shape()[-1]);
  for (std::size_t i = 0; i < images.size(); ++i) {
    const std::size_t rank = rank_of(all.subspan(i * classes, classes), images[i].label);
    ++accuracy.images;
    if (rank == 0) ++accuracy.right;
    if (rank < 5) ++accuracy.right_of5;
  }
}

}  // namespace

std::int64_t class_count(Model& model) {
  const Graph& graph = model.graph(1);
  const bool classifies = family(model.info().family).task == Task::kClassification;
  if (!classifies) {
    throw UnsupportedError("a model of the family '" + model.info().family +
                           "' does not classify pictures");
  }
  return graph[graph.outputs()[0].node].shape[-1];
}

std::size_t rank_of(std::span<const float> scores, std::int64_t label) {
  const auto own = static_cast<std::size_t>(label);
  std::size_t rank = 0;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    // Written so that what is not a number never makes an answer right.
    const bool behind = scores[i] < scores[own] || (scores[i] == scores[own] && i > own);
    if (i != own && !behind) ++rank;
  }
  return rank;
}

Accuracy evaluate(Model& model, std::span<const LabelledImage> images, std::int64_t batch,
                  int threads) {
  using Clock = std::chrono::steady_clock;
  const auto size = std::min(static_cast<std::size_t>(batch), images.size());
  model.session(static_cast<std::int64_t>(size));
  const Clock::time_point start = Clock::now();
  Accuracy accuracy;
  Progress progress(images.size(), "images");
  while (!images.empty()) {
    const auto part = images.first(std::min(size, images.size()));
    images = images.subspan(part.size());
    Pixels pixels = prepare(model.info().preprocess, part, threads);
    // The last batch is filled up, so that one session serves all.
    while (pixels.size() < size) pixels.push_back(pixels.back());
    const auto outputs = model.run(normalize(pixels, model.info().preprocess));
    count(accuracy, outputs[0], part);
    progress.advance(part.size());
  }
  accuracy.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  return accuracy;
}

Interval wilson(std::int64_t hits, std::int64_t trials) {
  constexpr double kZ = 1.959963984540054;  // of 95 %, two-sided
  if (trials == 0) return {0.0, 1.0};
  const auto n = static_cast<double>(trials);
  const double share = static_cast<double>(hits) / n;
  const double scale = 1.0 + kZ * kZ / n;
  const double centre = (share + kZ * kZ / (2.0 * n)) / scale;
  const double half = kZ / scale * std::sqrt(share * (1.0 - share) / n + kZ * kZ / (4.0 * n * n));
  return {std::max(0.0, centre - half), std::min(1.0, centre + half)};
}

}  // namespace vitq::apps
