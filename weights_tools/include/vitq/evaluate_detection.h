// SPDX-License-Identifier: Apache-2.0
// This measures how well a model finds the objects of annotated images. Looking at the images and
// counting what was found are apart, so that many machines may look.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "vitq/coco_classes.h"
#include "vitq/coco_metrics.h"
#include "vitq/error.h"
#include "vitq/model.h"

namespace vitq {

// Throws UnsupportedError if the model does not detect.
void require_detector(const Model& model);

// What was found, and in which images.
struct Detected {
  std::vector<CocoResult> results;
  std::vector<CocoImage> images;
};

// Where the images of annotations lie, and how many threads read them.
struct DetectOptions {
  std::filesystem::path folder;
  ImageLimits limits = {};
  int threads = 1;
  std::function<void()> progress = {};  // is called after each image
  // Is told of each image that cannot be read, which is then left out. Without it the first throws.
  std::function<void(const CocoImage& image, const Error& reason)> failed = {};
};

// Answers what the model finds in every image of `truth`: the best class of each query, whatever
// its probability. Classes that are no category are left out. Throws what require_detector()
// throws, and FileError for an image that cannot be read or is of another size than `truth` says.
Detected detect(const Model& model, const CocoTruth& truth, const CategoryMatch& match,
                const DetectOptions& options);

// This is how well it was found.
struct DetectionReport {
  std::size_t images = 0;
  std::size_t objects = 0;
  CocoMetrics metrics;
  std::vector<std::string> categories;  // their names, by rising id
};

// Compares with what `truth` says of the same images.
DetectionReport report_detections(const CocoTruth& truth, const Detected& found);

// The figures are shares of one, and null where there is no object to find.
Json to_json(const DetectionReport& report);

// "results" is COCO's list of detections, "images" the ids of those that were looked at.
Json to_json(const Detected& found);
// Adds what such a text says to `found`. Throws FileError for what is no part of `truth`, and for
// an image that is there already. So it does for results in images that the text does not list.
void add_detected(const Json& json, const CocoTruth& truth, Detected& found);

}  // namespace vitq
