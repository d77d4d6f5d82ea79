// SPDX-License-Identifier: Apache-2.0
// An answer is what vit_infer says of an image, its classes or the objects in it, as text, JSON or
// CSV.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/output.h"
#include "vitq/model.h"

namespace vitq::apps {

// The times are milliseconds per image. In a batch each has an equal share of the network's time.
struct Timing {
  double decode = 0.0;
  double preprocess = 0.0;
  double infer = 0.0;
  double post = 0.0;
};

struct Answer {
  std::string image;
  std::int64_t width = 0;
  std::int64_t height = 0;
  std::vector<Prediction> predictions;  // of a classifier
  std::vector<Detection> detections;    // of a detector
  std::optional<Timing> timing;
  std::string error;  // why there is neither
};

// kCoco is COCO's list of results. An image's id there is the number in its file's name.
enum class Format { kText, kJson, kJsonl, kCsv, kCoco };

// COCO's results name images by number. Throws UsageError for a file without one, and for two with
// the same.
void require_coco_ids(const std::vector<std::string>& images);

Json to_json(const Answer& answer, Task task, const std::string& model);

// Writes answers as they come, except for JSON. There one image's answer is an object, and several
// are an array, which is complete or absent. COCO's list is always an array.
class AnswerWriter {
 public:
  AnswerWriter(Format format, Task task, std::string model, Output& output);
  // Throws UsageError where COCO's format needs a number in the name and there is none.
  void write(const Answer& answer);
  void finish();

 private:
  Format format_;
  Task task_;
  std::string model_;
  Output& output_;
  std::vector<Json> objects_;
};

}  // namespace vitq::apps
