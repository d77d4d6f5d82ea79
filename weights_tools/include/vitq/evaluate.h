// SPDX-License-Identifier: Apache-2.0
// Counts how many of labelled images a model classifies right. Images run through it in batches, so
// that memory does not grow with their number.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>

#include "vitq/error.h"
#include "vitq/model.h"

namespace vitq {

constexpr std::int64_t kNoLabel = -1;

struct LabelledImage {
  std::filesystem::path path;
  std::int64_t label = kNoLabel;  // the id of its class
};

// Images without a label are counted, and never right.
struct Accuracy {
  std::int64_t images = 0;
  std::int64_t right = 0;      // the most probable class is the label
  std::int64_t right_of5 = 0;  // the label is among the five most probable
  double seconds = 0.0;        // reading and preparing the images included
};

struct EvaluateOptions {
  std::int64_t batch = 8;
  // Several threads take batches of their own from the files to the answers, on which networks
  // then run by one thread each. Networks that take images of any size run in one batch at a time.
  int threads = 1;
  ImageLimits image_limits = {};
  std::function<void(const Tensor& input)> watch = {};     // is shown each batch
  std::function<void(std::int64_t images)> progress = {};  // is told how many more are read
  // Is told of each image that cannot be read, which is then left out. Without it the first throws.
  std::function<void(const LabelledImage& image, const Error& reason)> failed = {};
};

// Classifies all images, batch by batch; EXIF orientation is ignored, as training code does. Throws
// what reading an image throws, UnsupportedError if the model does not classify, and WeightError
// for an answer that is no number.
Accuracy evaluate(const Model& model, std::span<const LabelledImage> images,
                  const EvaluateOptions& options = {});

// Says how many classes the model knows. Throws UnsupportedError if it does not classify.
std::int64_t class_count(const Model& model);

// Answers the place of `label` among the scores, 0 for the greatest. Equal scores go by rising id.
std::size_t rank_of(std::span<const float> scores, std::int64_t label);

}  // namespace vitq
