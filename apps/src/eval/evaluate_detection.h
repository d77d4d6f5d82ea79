// SPDX-License-Identifier: Apache-2.0
// This measures how well a model finds the objects of annotated images.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "common/coco_classes.h"
#include "common/failures.h"
#include "eval/coco_metrics.h"
#include "vitq/model.h"

namespace vitq::apps {

// What was found, and in which images.
struct Detected {
  std::vector<CocoResult> results;
  std::vector<CocoImage> images;
};

// Where the images of annotations lie, and how many threads read them.
struct ImageSource {
  std::filesystem::path folder;
  ImageLimits limits = {};
  int threads = 1;
};

// Answers what the model finds in every image of `truth`, which are read from `source`: the best
// class of each query, whatever its probability. Classes that are no category are left out. Throws
// UnsupportedError if the model does not detect. Throws FileError for an image that cannot be read
// or is of another size than `truth` says; with `failures`, such images are left out instead.
// Progress goes to standard error.
Detected detect(const Model& model, const CocoTruth& truth, const CategoryMatch& match,
                const ImageSource& source, Failures* failures);

// This is what vit_eval says of a detector.
struct DetectionReport {
  std::string model;
  std::size_t images = 0;
  std::size_t objects = 0;
  double images_per_second = 0.0;  // reading and preparing the images included
  CocoMetrics metrics;
  std::vector<std::string> categories;  // their names, by rising id
};

DetectionReport evaluate_detection(const Model& model, const CocoTruth& truth,
                                   const CategoryMatch& match, const ImageSource& source,
                                   Failures* failures);

std::string to_text(const DetectionReport& report);
// The figures are shares of one, and null where there is no object to find.
Json to_json(const DetectionReport& report);

}  // namespace vitq::apps
