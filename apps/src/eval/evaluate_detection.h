// SPDX-License-Identifier: Apache-2.0
// This measures how well a model finds the objects of annotated images.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "eval/coco.h"
#include "eval/coco_metrics.h"
#include "vitq/model.h"

namespace vitq::apps {

// Answers what the model finds in every image of `truth`, whose files lie in `folder`: the best
// class of each query, whatever its probability. Classes and categories go by name, or if the model
// has no names by id. Classes that are no category are left out. Throws UnsupportedError if the
// model does not detect or all classes are left out. Throws FileError for an image that cannot be
// read or is of another size than `truth` says. Progress goes to standard error.
std::vector<CocoResult> detect(const Model& model, const CocoTruth& truth,
                               const std::filesystem::path& folder);

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
                                   const std::filesystem::path& folder, const ImageLimits& limits);

std::string to_text(const DetectionReport& report);
// The figures are shares of one, and null where there is no object to find.
Json to_json(const DetectionReport& report);

}  // namespace vitq::apps
