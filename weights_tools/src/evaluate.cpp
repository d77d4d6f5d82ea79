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

// Reads and prepares those images that have no error yet.
std::vector<Image> prepare(const Preprocess& preprocess, std::span<const LabelledImage> images,
                           int threads, const ImageLimits& limits,
                           std::vector<std::exception_ptr>& errors) {
  std::vector<Image> pixels(images.size());
  const auto stride = static_cast<std::size_t>(threads);
  const auto work = [&](std::size_t first) {
    for (std::size_t i = first; i < images.size(); i += stride) {
      if (!errors[i]) errors[i] = prepare(preprocess, images[i], limits, pixels[i]);
    }
  };
  std::vector<std::jthread> helpers;
  for (std::size_t t = 1; t < std::min(stride, images.size()); ++t) helpers.emplace_back(work, t);
  work(0);
  helpers.clear();  // joins them
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

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Images as one of the models takes them.
struct ModelImages {
  const Preprocess* preprocess;
  std::vector<Image> pixels = {};
  double seconds = 0.0;  // that reading and preparing them took
};

// Batches of images are all of one size, so that one session serves all. One that is short, as the
// last, or because some of its images cannot be read, is filled up.
class Batches {
 public:
  Batches(std::span<const LabelledImage> images, const EvaluateOptions& options,
          std::vector<ModelImages> views)
      : rest_(images),
        size_(std::min(static_cast<std::size_t>(options.batch), images.size())),
        options_(options),
        views_(std::move(views)) {}

  std::int64_t size() const { return static_cast<std::int64_t>(size_); }
  // Answers false when there are no more.
  bool next() {
    images_.clear();
    while (images_.empty() && !rest_.empty()) {
      read(rest_.first(std::min(size_, rest_.size())));
      rest_ = rest_.subspan(std::min(size_, rest_.size()));
    }
    return !images_.empty();
  }
  std::span<const LabelledImage> images() const { return images_; }
  const ModelImages& view(std::size_t index) const { return views_[index]; }

 private:
  void read(std::span<const LabelledImage> part) {
    std::vector<std::exception_ptr> errors(part.size());
    for (ModelImages& view : views_) {
      const Clock::time_point start = Clock::now();
      view.pixels =
          prepare(*view.preprocess, part, options_.threads, options_.image_limits, errors);
      view.seconds = seconds_since(start);
    }
    for (std::size_t i = 0; i < part.size(); ++i) {
      if (errors[i]) {
        leave_out(part[i], errors[i]);
        continue;
      }
      const std::size_t to = images_.size();
      for (ModelImages& view : views_) {
        if (to != i) view.pixels[to] = std::move(view.pixels[i]);
      }
      images_.push_back(part[i]);
    }
    for (ModelImages& view : views_) {
      view.pixels.resize(images_.size());
      while (!images_.empty() && view.pixels.size() < size_) {
        view.pixels.push_back(view.pixels.back());
      }
    }
    if (options_.progress) options_.progress(std::ssize(part));
  }

  void leave_out(const LabelledImage& image, const std::exception_ptr& error) const {
    try {
      std::rethrow_exception(error);
    } catch (const Error& reason) {
      if (!options_.failed) throw;
      options_.failed(image, reason);
    }
  }

  std::span<const LabelledImage> rest_;
  std::size_t size_;
  const EvaluateOptions& options_;
  std::vector<ModelImages> views_;
  std::vector<LabelledImage> images_;  // of the batch, without those that could not be read
};

// Answers the logits of a batch.
Tensor answer(const Model& model, const ModelImages& view, std::span<const LabelledImage> images,
              const std::function<void(const Tensor&)>& watch, Accuracy& accuracy) {
  const Clock::time_point start = Clock::now();
  const Tensor input = model.input_of(view.pixels);
  Tensor logits = model.run(input)[0];
  count(accuracy, logits, images);
  accuracy.seconds += view.seconds + seconds_since(start);
  if (watch) watch(input);
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
    throw UnsupportedError(
        "the model does not classify images: its outputs are values (regression)");
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
  Batches batches(images, options, {{&model.info().preprocess}});
  reserve(model, batches);
  Accuracy accuracy;
  while (batches.next()) {
    answer(model, batches.view(0), batches.images(), options.watch, accuracy);
  }
  return accuracy;
}

ModelComparison compare_models(const Model& model, const Model& reference,
                               std::span<const LabelledImage> images,
                               const EvaluateOptions& options) {
  require_same_classes(model, reference);
  std::vector<ModelImages> views = {{&model.info().preprocess}};
  const bool same = model.info().preprocess == reference.info().preprocess;
  if (!same) views.push_back({&reference.info().preprocess});
  Batches batches(images, options, std::move(views));
  reserve(model, batches);
  reserve(reference, batches);
  ModelComparison pair;
  while (batches.next()) {
    const Tensor logits =
        answer(model, batches.view(0), batches.images(), options.watch, pair.model);
    const Tensor expected =
        answer(reference, batches.view(same ? 0 : 1), batches.images(), {}, pair.reference);
    compare(pair.comparison, expected, logits, batches.images());
  }
  return pair;
}

}  // namespace vitq
