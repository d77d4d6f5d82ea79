// SPDX-License-Identifier: Apache-2.0
#include "vitq/evaluate.h"

#include <chrono>
#include <exception>
#include <thread>

#include "prepared.h"
#include "vitq/compare_models.h"
#include "vitq/error.h"

namespace vitq {

namespace {

// Answers null, or why the image cannot be had.
std::exception_ptr prepare(const Preprocess& preprocess, const LabelledImage& labelled,
                           const ImageLimits& limits, Image& pixels) noexcept {
  try {
    pixels = prepared_pixels(labelled.path, preprocess, limits);
  } catch (...) {
    return std::current_exception();
  }
  return nullptr;
}

// Reads and prepares images. The first of them that cannot be read throws, as if one thread had
// done it.
std::vector<Image> prepare(const Preprocess& preprocess, std::span<const LabelledImage> images,
                           int threads, const ImageLimits& limits) {
  std::vector<Image> pixels(images.size());
  std::vector<std::exception_ptr> errors(images.size());
  const auto stride = static_cast<std::size_t>(threads);
  const auto work = [&](std::size_t first) {
    for (std::size_t i = first; i < images.size(); i += stride) {
      errors[i] = prepare(preprocess, images[i], limits, pixels[i]);
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
  accuracy.images += static_cast<std::int64_t>(images.size());
  for (std::size_t i = 0; i < images.size(); ++i) {
    if (images[i].label == kNoLabel) continue;
    const std::size_t rank = rank_of(all.subspan(i * classes, classes), images[i].label);
    if (rank == 0) ++accuracy.right;
    if (rank < 5) ++accuracy.right_of5;
  }
}

void compare(Comparison& comparison, const Tensor& reference, const Tensor& logits,
             std::span<const LabelledImage> images) {
  const auto classes = static_cast<std::size_t>(logits.shape()[-1]);
  for (std::size_t i = 0; i < images.size(); ++i) {
    comparison.add(reference.as<float>().subspan(i * classes, classes),
                   logits.as<float>().subspan(i * classes, classes), images[i].label);
  }
}

// Batches of images are all of one size, so that one session serves all. The last is filled up.
class Batches {
 public:
  Batches(std::span<const LabelledImage> images, const EvaluateOptions& options)
      : rest_(images),
        size_(std::min(static_cast<std::size_t>(options.batch), images.size())),
        threads_(options.threads),
        limits_(options.image_limits) {}

  std::int64_t size() const { return static_cast<std::int64_t>(size_); }
  bool next() {
    part_ = rest_.first(std::min(size_, rest_.size()));
    rest_ = rest_.subspan(part_.size());
    return !part_.empty();
  }
  std::span<const LabelledImage> images() const { return part_; }
  std::vector<Image> pixels(const Preprocess& preprocess) const {
    std::vector<Image> pixels = prepare(preprocess, part_, threads_, limits_);
    while (pixels.size() < size_) pixels.push_back(pixels.back());
    return pixels;
  }

 private:
  std::span<const LabelledImage> rest_;
  std::span<const LabelledImage> part_;
  std::size_t size_;
  int threads_;
  ImageLimits limits_;
};

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

struct Prepared {
  std::vector<Image> images;
  double seconds = 0.0;  // that preparing them took
};

Prepared read(const Batches& batches, const Preprocess& preprocess) {
  const Clock::time_point start = Clock::now();
  std::vector<Image> pixels = batches.pixels(preprocess);
  return {std::move(pixels), seconds_since(start)};
}

// Answers the logits of a batch.
Tensor answer(const Model& model, const Prepared& pixels, const Batches& batches,
              const EvaluateOptions& options, Accuracy& accuracy) {
  const Clock::time_point start = Clock::now();
  const Tensor input = model.input_of(pixels.images);
  Tensor logits = model.run(input)[0];
  count(accuracy, logits, batches.images());
  accuracy.seconds += pixels.seconds + seconds_since(start);
  if (options.watch) options.watch(input);
  return logits;
}

// Makes ready for the batches, so that this does not count among the seconds.
void reserve(const Model& model, const Batches& batches) {
  const Graph& graph = model.graph();
  if (batches.size() > 0) model.reserve(graph[graph.inputs()[0]].shape.with(0, batches.size()));
}

void require_same_classes(const Model& model, const Model& reference) {
  const std::int64_t classes = class_count(model);
  const std::int64_t expected = class_count(reference);
  if (classes == expected) return;
  throw UnsupportedError("the models cannot be compared: one knows " + std::to_string(classes) +
                         " classes, the other " + std::to_string(expected));
}

}  // namespace

std::int64_t class_count(const Model& model) {
  if (model.task() != Task::kClassification) {
    throw UnsupportedError("a model of the family '" + model.info().family +
                           "' does not classify images");
  }
  if (model.info().scores == Scores::kRaw) {
    throw UnsupportedError("the model does not classify images: its outputs are values (regression)");
  }
  const Graph& graph = model.graph();
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

Accuracy evaluate(const Model& model, std::span<const LabelledImage> images,
                  const EvaluateOptions& options) {
  (void)class_count(model);  // throws
  Batches batches(images, options);
  reserve(model, batches);
  Accuracy accuracy;
  while (batches.next()) {
    const Prepared pixels = read(batches, model.info().preprocess);
    answer(model, pixels, batches, options, accuracy);
    if (options.progress) options.progress(std::ssize(batches.images()));
  }
  return accuracy;
}

ModelComparison compare_models(const Model& model, const Model& reference,
                               std::span<const LabelledImage> images,
                               const EvaluateOptions& options) {
  require_same_classes(model, reference);
  const Preprocess& own = model.info().preprocess;
  const Preprocess& other = reference.info().preprocess;
  Batches batches(images, options);
  reserve(model, batches);
  reserve(reference, batches);
  EvaluateOptions unwatched = options;
  unwatched.watch = nullptr;
  ModelComparison pair;
  while (batches.next()) {
    const Prepared pixels = read(batches, own);
    const Tensor logits = answer(model, pixels, batches, options, pair.model);
    const Tensor expected = answer(reference, own == other ? pixels : read(batches, other), batches,
                                   unwatched, pair.reference);
    compare(pair.comparison, expected, logits, batches.images());
    if (options.progress) options.progress(std::ssize(batches.images()));
  }
  return pair;
}

}  // namespace vitq
