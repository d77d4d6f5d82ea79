// SPDX-License-Identifier: Apache-2.0
// Images in batches, as one model or two take them.
#pragma once

#include <exception>
#include <span>
#include <vector>

#include "vitq/evaluate.h"

namespace vitq {

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
  // `images` and `options` outlive the batches. There is a view for each of the `models`; models
  // that prepare images alike share one.
  Batches(std::span<const LabelledImage> images, const EvaluateOptions& options,
          std::initializer_list<const Model*> models);

  // Makes the models ready for the batches, so that this does not count among the seconds.
  void reserve() const;
  // Answers false when there are no more.
  bool next();
  std::span<const LabelledImage> images() const { return images_; }
  // The batch as that of the models takes it.
  const ModelImages& view(std::size_t model) const { return views_[view_of_[model]]; }

 private:
  void read(std::span<const LabelledImage> part);
  void leave_out(const LabelledImage& image, const std::exception_ptr& error) const;

  std::span<const LabelledImage> rest_;
  std::size_t size_;
  const EvaluateOptions& options_;
  std::vector<const Model*> models_;
  std::vector<ModelImages> views_;
  std::vector<std::size_t> view_of_;   // each model
  std::vector<LabelledImage> images_;  // of the batch, without those that could not be read
};

// Answers the model's first output for a batch, whose rows may be more than it has images. Adds the
// time that it took to `seconds`.
Tensor first_output(const Model& model, const ModelImages& view,
                    const std::function<void(const Tensor& input)>& watch, double& seconds);

}  // namespace vitq
