// SPDX-License-Identifier: Apache-2.0
// This reads annotations and results in COCO's JSON with checks, boxes only
// (cocodataset.org/#format-data). Every error is a FileError that names the file and the place.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "vitq/json.h"

namespace vitq::apps {

// The units are pixels of the image as it is stored. The left upper corner is at x and y.
struct CocoBox {
  double x = 0.0;
  double y = 0.0;
  double width = 0.0;
  double height = 0.0;
};

struct CocoImage {
  std::int64_t id = 0;
  std::string file_name;  // relative, and never outside of its folder
  int width = 0;          // 0 where the file does not say
  int height = 0;
};

struct CocoCategory {
  std::int64_t id = 0;
  std::string name;
};

struct CocoObject {
  std::int64_t image = 0;
  std::int64_t category = 0;
  CocoBox box;
  double area = 0.0;   // of the object, not of its box
  bool crowd = false;  // a region of many: to be found neither right nor wrong
};

struct CocoTruth {
  std::vector<CocoImage> images;         // by rising id
  std::vector<CocoCategory> categories;  // by rising id
  std::vector<CocoObject> objects;       // as in the file
};

// This is one detection.
struct CocoResult {
  std::int64_t image = 0;
  std::int64_t category = 0;
  CocoBox box;
  double score = 0.0;
};

// Two images, categories or annotations of one id are refused, and so are two categories of one
// name. The same holds for an image or category that is not listed, boxes and areas below 0, and
// file names that leave their folder.
CocoTruth parse_coco_truth(const Json& json);
CocoTruth read_coco_truth(const std::filesystem::path& path);

// The JSON is a list of detections in images and categories of `truth`.
std::vector<CocoResult> parse_coco_results(const Json& json, const CocoTruth& truth);

// Answers `count` of the images, spread evenly over all, with what is in them.
CocoTruth spread(const CocoTruth& truth, std::size_t count);

}  // namespace vitq::apps
