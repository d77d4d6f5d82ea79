// SPDX-License-Identifier: Apache-2.0
#include "eval/evaluate.h"

#include <chrono>
#include <cmath>
#include <exception>
#include <thread>

#include "common/image_inputs.h"
#include "common/progress.h"
#include "vitq/error.h"

namespace vitq::apps {

namespace {

using Pixels = std::vector<Image>;

// Answers null, or why the image cannot be had.
std::exception_ptr prepare(const Preprocess& preprocess, const LabelledImage& labelled,
                           Image& pixels) noexcept {
  try {
    const Image image = read_image(labelled.path, Exif::kIgnore);
    pixels = with_context(labelled.path.string(), [&] { return preprocess.pixels(image); });
  } catch (...) {
    return std::current_exception();
  }
  return nullptr;
}

// Reads and prepares images. The first of them that cannot be read throws, as if one thread had
// done it.
Pixels prepare(const Preprocess& preprocess, std::span<const LabelledImage> images, int threads) {
  Pixels pixels(images.size());
  std::vector<std::exception_ptr> errors(images.size());
  const auto stride = static_cast<std::size_t>(threads);
  const auto work = [&](std::size_t first) {
    for (std::size_t i = first; i < images.size(); i += stride) {
      errors[i] = prepare(preprocess, images[i], pixels[i]);
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

// All batches have one size, so that one session serves all. The last is filled up.
class Batches {
 public:
  Batches(std::span<const LabelledImage> images, const EvaluateOptions& options)
      : rest_(images),
        size_(std::min(static_cast<std::size_t>(options.batch), images.size())),
        threads_(options.threads) {}

  std::int64_t size() const { return static_cast<std::int64_t>(size_); }
  bool next() {
    part_ = rest_.first(std::min(size_, rest_.size()));
    rest_ = rest_.subspan(part_.size());
    return !part_.empty();
  }
  std::span<const LabelledImage> images() const { return part_; }
  // Answers the images as a network with this preprocessing wants them.
  Tensor input(const Preprocess& preprocess) const {
    Pixels pixels = prepare(preprocess, part_, threads_);
    while (pixels.size() < size_) pixels.push_back(pixels.back());
    return normalize(pixels, preprocess);
  }

 private:
  std::span<const LabelledImage> rest_;
  std::span<const LabelledImage> part_;
  std::size_t size_;
  int threads_;
};

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

struct Input {
  Tensor tensor;
  double seconds = 0.0;  // that making it took
};

Input read(const Batches& batches, const Preprocess& preprocess) {
  const Clock::time_point start = Clock::now();
  Tensor tensor = batches.input(preprocess);
  return {std::move(tensor), seconds_since(start)};
}

// Answers the logits of a batch, which are valid until the model's next run.
Tensor answer(Model& model, const Input& input, const Batches& batches, Accuracy& accuracy) {
  const Clock::time_point start = Clock::now();
  Tensor logits = model.run(input.tensor)[0];
  count(accuracy, logits, batches.images());
  accuracy.seconds += input.seconds + seconds_since(start);
  return logits;
}

void require_same_classes(Model& model, Model& reference) {
  const std::int64_t classes = class_count(model);
  const std::int64_t expected = class_count(reference);
  if (classes == expected) return;
  throw UnsupportedError("the models cannot be compared: one knows " + std::to_string(classes) +
                         " classes, the other " + std::to_string(expected));
}

}  // namespace

std::int64_t class_count(Model& model) {
  const Graph& graph = model.graph();
  const bool classifies = family(model.info().family).task == Task::kClassification;
  if (!classifies) {
    throw UnsupportedError("a model of the family '" + model.info().family +
                           "' does not classify images");
  }
  return graph[graph.outputs()[0].node].shape[-1];
}

std::size_t rank_of(std::span<const float> scores, std::int64_t label) {
  const auto own = static_cast<std::size_t>(label);
  std::size_t rank = 0;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    // This is written so that what is not a number never makes an answer right.
    const bool behind = scores[i] < scores[own] || (scores[i] == scores[own] && i > own);
    if (i != own && !behind) ++rank;
  }
  return rank;
}

Accuracy evaluate(Model& model, std::span<const LabelledImage> images,
                  const EvaluateOptions& options) {
  Batches batches(images, options);
  model.session(batches.size());
  Accuracy accuracy;
  Progress progress(images.size(), "images");
  while (batches.next()) {
    const Input input = read(batches, model.info().preprocess);
    if (options.watch) options.watch(input.tensor);
    answer(model, input, batches, accuracy);
    progress.advance(batches.images().size());
  }
  return accuracy;
}

Pair evaluate_pair(Model& model, Model& reference, std::span<const LabelledImage> images,
                   const EvaluateOptions& options) {
  require_same_classes(model, reference);
  const Preprocess& own = model.info().preprocess;
  const Preprocess& other = reference.info().preprocess;
  Batches batches(images, options);
  model.session(batches.size());
  reference.session(batches.size());
  Pair pair;
  Progress progress(images.size(), "images");
  while (batches.next()) {
    const Input input = read(batches, own);
    if (options.watch) options.watch(input.tensor);
    const Tensor logits = answer(model, input, batches, pair.model);
    const Tensor expected =
        answer(reference, own == other ? input : read(batches, other), batches, pair.reference);
    compare(pair.comparison, expected, logits, batches.images());
    progress.advance(batches.images().size());
  }
  return pair;
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
