// SPDX-License-Identifier: Apache-2.0
// This measures how well a model classifies labelled images. They run through it in batches, so
// that memory does not grow with their number.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "common/comparison.h"
#include "eval/labelled_images.h"
#include "vitq/model.h"

namespace vitq::apps {

// Answers the number of classes of a model. Throws UnsupportedError if it does not classify.
std::int64_t class_count(Model& model);

// Answers the place of `label` among the scores, 0 for the greatest. Equal scores go by rising id.
std::size_t rank_of(std::span<const float> scores, std::int64_t label);

// Images without a label are counted, and never right.
struct Accuracy {
  std::int64_t images = 0;
  std::int64_t right = 0;      // the most probable class is the label
  std::int64_t right_of5 = 0;  // the label is among the five most probable
  double seconds = 0.0;        // reading and preparing the images included
};

struct EvaluateOptions {
  std::int64_t batch = 8;
  int threads = 1;                                      // that read images
  std::function<void(const Tensor& input)> watch = {};  // sees each batch before the model does
};

// Reads, prepares and classifies all images, batch by batch. Throws what reading an image throws.
// Progress goes to standard error.
Accuracy evaluate(Model& model, std::span<const LabelledImage> images,
                  const EvaluateOptions& options);

// Two models saw the same images, each batch by one and then by the other.
struct Pair {
  Accuracy model;
  Accuracy reference;
  Comparison comparison;
};

// It works as evaluate() does, each model with its own preprocessing. Where both have the same,
// images are read once, and the time of that counts for both. Throws UnsupportedError if their
// classes differ in number.
Pair evaluate_pair(Model& model, Model& reference, std::span<const LabelledImage> images,
                   const EvaluateOptions& options);

// This is the 95 % score interval of a share by E. B. Wilson, JASA 22 (1927).
struct Interval {
  double low = 0.0;
  double high = 0.0;
};
Interval wilson(std::int64_t hits, std::int64_t trials);

}  // namespace vitq::apps
