// SPDX-License-Identifier: Apache-2.0
// How well a model classifies labelled images: finding images with their classes, and running
// them through the model in batches, so that memory does not grow with their number.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "comparison.h"
#include "vitq/model.h"

namespace vitq::apps {

constexpr std::int64_t kNoLabel = -1;

struct LabelledImage {
  std::filesystem::path path;
  std::int64_t label = kNoLabel;
};

// The images of a folder that has none of its own folders, without labels; nothing of a folder
// that holds folders. Throws FileError.
std::vector<LabelledImage> find_unlabelled(const std::filesystem::path& folder);

// The images of a text file with lines `file<TAB>label[<TAB>...]`; files relative to `folder`,
// labels in [0, classes). Throws FileError naming the line.
std::vector<LabelledImage> read_label_list(const std::filesystem::path& list,
                                           const std::filesystem::path& folder,
                                           std::int64_t classes);

struct ClassFolders {
  std::vector<LabelledImage> images;
  std::string matching;  // how folders became classes, in words
};

// The images below `folder`, which has a folder for each class. Its name is the class's label, or
// one of the names that the label lists between commas; if no folder's name is a label, all are
// class ids; else the folders are the model's classes in order. Throws FileError.
ClassFolders find_class_folders(const std::filesystem::path& folder, const ModelInfo& info,
                                std::int64_t classes);

// `count` of the images, spread evenly over all; all of them if there are no more.
std::vector<LabelledImage> spread(std::span<const LabelledImage> images, std::size_t count);

// Classes of a model. Throws UnsupportedError if it does not classify.
std::int64_t class_count(Model& model);

// The place of `label` among the scores, 0 for the greatest; equal scores go by rising id.
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

// Two models on the same images, each batch by one and then by the other.
struct Pair {
  Accuracy model;
  Accuracy reference;
  Comparison comparison;
};

// As evaluate(), each model with its own preprocessing. Where both have the same, images are read
// once, and the time that takes counts for both. Throws UnsupportedError if their classes differ in
// number.
Pair evaluate_pair(Model& model, Model& reference, std::span<const LabelledImage> images,
                   const EvaluateOptions& options);

// The 95 % Wilson score interval of a share: E. B. Wilson, JASA 22 (1927).
struct Interval {
  double low = 0.0;
  double high = 0.0;
};
Interval wilson(std::int64_t hits, std::int64_t trials);

}  // namespace vitq::apps
