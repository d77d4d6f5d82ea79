// SPDX-License-Identifier: Apache-2.0
#include "batches.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "prepared.h"
#include "vitq/family.h"
#include "vitq/in_order.h"

namespace vitq {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Images as one of the models takes them.
struct ModelImages {
  std::vector<Image> pixels;
  double seconds = 0.0;  // that reading and preparing them took
};

struct UnreadImage {
  LabelledImage image;
  std::exception_ptr error;
};

struct BatchWork {
  BatchAnswers answers;
  std::vector<ModelImages> views;
  std::vector<Tensor> inputs;   // of each model
  std::vector<double> seconds;  // of each model, with its reading and preparing
  double work = 0.0;            // seconds of all that was done for it
  std::vector<UnreadImage> left_out;
  std::int64_t read = 0;
};

class Batches {
 public:
  Batches(std::span<const LabelledImage> images, const EvaluateOptions& options,
          std::span<const Model* const> models)
      : images_(images), options_(options) {
    whole_ = std::none_of(models.begin(), models.end(),
                          [](const Model* model) { return family(model->info().family).any_size; });
    const std::size_t threads = static_cast<std::size_t>(std::max(options.threads, 1));
    // A thread has work when there are few images, too.
    const std::size_t share = (images.size() + threads - 1) / threads;
    size_ = std::max<std::size_t>(1, std::min(static_cast<std::size_t>(options.batch), share));
    for (const Model* model : models) {
      models_.push_back(whole_ && threads > 1 ? model->with_threads(1) : *model);
      const Preprocess& preprocess = model->info().preprocess;
      const auto same = std::find_if(views_.begin(), views_.end(),
                                     [&](const Preprocess* view) { return *view == preprocess; });
      view_of_.push_back(static_cast<std::size_t>(same - views_.begin()));
      if (same == views_.end()) views_.push_back(&preprocess);
    }
  }

  // Whether batches are made with their answers. Networks that take images of any size need much
  // memory for each that is under way: they run in one batch at a time.
  bool whole() const { return whole_; }
  std::size_t count() const { return (images_.size() + size_ - 1) / size_; }

  // Makes the models ready, so that this does not count among the seconds.
  void reserve() const {
    if (images_.empty() || !whole_) return;
    for (const Model& model : models_) {
      const Graph& graph = model.graph();
      const Shape& image = graph[graph.inputs()[0]].shape;
      model.reserve(image.with(0, static_cast<std::int64_t>(size_)));
    }
  }

  BatchWork read(std::size_t index) const {
    const Clock::time_point start = Clock::now();
    const std::size_t first = index * size_;
    BatchWork batch;
    read(images_.subspan(first, std::min(size_, images_.size() - first)), batch);
    batch.work = seconds_since(start);
    return batch;
  }

  void run(BatchWork& batch) const {
    if (batch.answers.images.empty()) return;
    for (std::size_t m = 0; m < models_.size(); ++m) {
      const ModelImages& view = batch.views[view_of_[m]];
      const Clock::time_point start = Clock::now();
      batch.inputs.push_back(models_[m].input_of(view.pixels));
      batch.answers.outputs.push_back(models_[m].run(batch.inputs.back()));
      const double seconds = seconds_since(start);
      batch.seconds.push_back(view.seconds + seconds);
      batch.work += seconds;
    }
  }

 private:
  void read(std::span<const LabelledImage> part, BatchWork& batch) const;
  void prepare(const LabelledImage& image, std::vector<ModelImages>& views) const;

  std::span<const LabelledImage> images_;
  const EvaluateOptions& options_;
  bool whole_ = true;
  std::size_t size_ = 1;
  std::vector<Model> models_;
  std::vector<const Preprocess*> views_;
  std::vector<std::size_t> view_of_;  // each model
};

// Puts the image into all views, or throws in the middle.
void Batches::prepare(const LabelledImage& image, std::vector<ModelImages>& views) const {
  for (std::size_t v = 0; v < views.size(); ++v) {
    const Clock::time_point start = Clock::now();
    views[v].pixels.push_back(prepared_pixels(image.path, *views_[v], options_.image_limits));
    views[v].seconds += seconds_since(start);
  }
}

// The images come in one by one, each in all views or in none.
void Batches::read(std::span<const LabelledImage> part, BatchWork& batch) const {
  std::vector<ModelImages>& views = batch.views;
  views.resize(views_.size());
  batch.read = std::ssize(part);
  for (const LabelledImage& image : part) {
    try {
      prepare(image, views);
      batch.answers.images.push_back(image);
    } catch (const Error&) {
      batch.left_out.push_back({image, std::current_exception()});
      for (ModelImages& view : views) view.pixels.resize(batch.answers.images.size());
    }
  }
  for (ModelImages& view : views) {
    while (!view.pixels.empty() && view.pixels.size() < size_) {
      view.pixels.push_back(view.pixels.back());
    }
  }
}

void leave_out(const UnreadImage& part, const EvaluateOptions& options) {
  try {
    std::rethrow_exception(part.error);
  } catch (const Error& reason) {
    if (!options.failed) throw;
    options.failed(part.image, reason);
  }
}

}  // namespace

std::vector<double> answer_in_batches(std::span<const LabelledImage> images,
                                      const EvaluateOptions& options,
                                      std::span<const Model* const> models,
                                      const std::function<void(const BatchAnswers&)>& take) {
  const Batches batches(images, options, models);
  batches.reserve();
  std::vector<double> seconds(models.size());
  double work = 0.0;  // of all threads
  const auto take_batch = [&](BatchWork batch) {
    if (!batches.whole()) batches.run(batch);
    const Clock::time_point start = Clock::now();
    for (const UnreadImage& part : batch.left_out) leave_out(part, options);
    if (options.progress) options.progress(batch.read);
    if (!batch.answers.images.empty()) {
      if (options.watch) options.watch(batch.inputs[0]);
      take(batch.answers);
    }
    for (std::size_t m = 0; m < batch.seconds.size(); ++m) seconds[m] += batch.seconds[m];
    work += batch.work + seconds_since(start);
  };
  const Clock::time_point start = Clock::now();
  const auto make = [&batches](std::size_t index) {
    BatchWork batch = batches.read(index);
    if (batches.whole()) batches.run(batch);
    return batch;
  };
  in_order(batches.count(), options.threads, make, take_batch);
  // Threads that work side by side need less time than all of them together.
  const double share = work > 0.0 ? seconds_since(start) / work : 0.0;
  for (double& of_model : seconds) of_model *= share;
  return seconds;
}

}  // namespace vitq
