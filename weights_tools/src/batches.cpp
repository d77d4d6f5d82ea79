// SPDX-License-Identifier: Apache-2.0
#include "batches.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "prepared.h"

namespace vitq {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

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

}  // namespace

Batches::Batches(std::span<const LabelledImage> images, const EvaluateOptions& options,
                 std::initializer_list<const Model*> models)
    : rest_(images),
      size_(std::min(static_cast<std::size_t>(options.batch), images.size())),
      options_(options),
      models_(models) {
  for (const Model* model : models_) {
    const Preprocess& preprocess = model->info().preprocess;
    const auto same = std::find_if(views_.begin(), views_.end(), [&](const ModelImages& view) {
      return *view.preprocess == preprocess;
    });
    view_of_.push_back(static_cast<std::size_t>(same - views_.begin()));
    if (same == views_.end()) views_.push_back({&preprocess});
  }
}

void Batches::reserve() const {
  if (size_ == 0) return;
  for (const Model* model : models_) {
    const Graph& graph = model->graph();
    const Shape& image = graph[graph.inputs()[0]].shape;
    model->reserve(image.with(0, static_cast<std::int64_t>(size_)));
  }
}

bool Batches::next() {
  images_.clear();
  while (images_.empty() && !rest_.empty()) {
    read(rest_.first(std::min(size_, rest_.size())));
    rest_ = rest_.subspan(std::min(size_, rest_.size()));
  }
  return !images_.empty();
}

void Batches::read(std::span<const LabelledImage> part) {
  std::vector<std::exception_ptr> errors(part.size());
  for (ModelImages& view : views_) {
    const Clock::time_point start = Clock::now();
    view.pixels = prepare(*view.preprocess, part, options_.threads, options_.image_limits, errors);
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

void Batches::leave_out(const LabelledImage& image, const std::exception_ptr& error) const {
  try {
    std::rethrow_exception(error);
  } catch (const Error& reason) {
    if (!options_.failed) throw;
    options_.failed(image, reason);
  }
}

Tensor first_output(const Model& model, const ModelImages& view,
                    const std::function<void(const Tensor& input)>& watch, double& seconds) {
  const Clock::time_point start = Clock::now();
  const Tensor input = model.input_of(view.pixels);
  Tensor output = model.run(input)[0];
  seconds += view.seconds + seconds_since(start);
  if (watch) watch(input);
  return output;
}

}  // namespace vitq
