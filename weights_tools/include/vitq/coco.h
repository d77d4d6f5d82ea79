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

namespace vitq {

// The units are pixels of the image as it is stored. The left upper corner is at x and y.
struct CocoBox {
  double x = 0.0;
  double y = 0.0;
  double width = 0.0;
  double height = 0.0;
};

struct CocoImage {
  std::int64_t id = 0;
  std::string file_name;  // as the file has it; see image_path()
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
  bool zero_id = false;                  // whether an annotation has the id 0
};

// This is one detection.
struct CocoResult {
  std::int64_t image = 0;
  std::int64_t category = 0;
  CocoBox box;
  double score = 0.0;
};

// Reads what pycocotools reads, and what it needs alone. Ids are whole numbers; those of
// annotations may be texts, too. Sides that are no whole number above 0 count as not said, and
// categories may share a name. Two images, categories or annotations of one id are refused. The
// same holds for an image or category that is not listed, boxes and areas below 0, and file names
// with "..".
CocoTruth parse_coco_truth(const Json& json);
// Reads a file of up to 2 GB in the memory of what is kept, some 100 bytes an object.
CocoTruth read_coco_truth(const std::filesystem::path& path);

// Answers the file of an annotated image in `folder`, which it never leaves. Of an absolute name,
// which was right elsewhere, the part below the folder counts, or else the last part.
std::filesystem::path image_path(const CocoImage& image, const std::filesystem::path& folder);

// The JSON is a list of detections in images and categories of `truth`.
std::vector<CocoResult> parse_coco_results(const Json& json, const CocoTruth& truth);

// Answers what is in these of its images alone.
CocoTruth with_images(const CocoTruth& truth, std::vector<CocoImage> images);
// Answers `count` of the images, spread evenly over all, with what is in them.
CocoTruth spread(const CocoTruth& truth, std::size_t count);

}  // namespace vitq
