// SPDX-License-Identifier: Apache-2.0
// How well a model finds the objects of annotated images.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "coco.h"
#include "coco_metrics.h"
#include "vitq/model.h"

namespace vitq::apps {

// What the model finds in every image of `truth`, whose files lie in `folder`: its best class of
// each query, whatever the probability. Classes and categories go by name, or if the model has no
// names by id; classes that are no category are left out. Throws UnsupportedError if the model does
// not detect or all classes are left out, FileError for an image that cannot be read or is of
// another size than `truth` says. Progress goes to standard error.
std::vector<CocoResult> detect(Model& model, const CocoTruth& truth,
                               const std::filesystem::path& folder);

// What vit_eval says of a detector.
struct DetectionReport {
  std::string model;
  std::size_t images = 0;
  std::size_t objects = 0;
  double images_per_second = 0.0;  // reading and preparing the images included
  CocoMetrics metrics;
  std::vector<std::string> categories;  // their names, by rising id
};

DetectionReport evaluate_detection(Model& model, const CocoTruth& truth,
                                   const std::filesystem::path& folder);

std::string to_text(const DetectionReport& report);
// Shares of one, null where there is no object to find.
Json to_json(const DetectionReport& report);

}  // namespace vitq::apps
