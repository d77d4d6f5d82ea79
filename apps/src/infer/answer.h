// SPDX-License-Identifier: Apache-2.0
// An answer is what vit_infer says of an image: its classes, the objects in it, or its features. It
// is written as text, JSON or CSV.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/output.h"
#include "infer/coco_ids.h"
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
  std::vector<float> features;          // of a network without a head
  Shape tokens = {};                    // [N, h, w, C], of the same
  std::optional<Timing> timing;
  std::string error;  // why there is nothing
};

// kCoco is COCO's list of results.
enum class Format { kText, kJson, kJsonl, kCsv, kCoco };

Json to_json(const Answer& answer, Task task, const std::string& model);

// Writes answers as they come, except for JSON. There one image's answer is an object, and several
// are an array, which is complete or absent. COCO's list is always an array.
class AnswerWriter {
 public:
  AnswerWriter(Format format, Task task, std::string model, Output& output);
  // Says how COCO's format calls images and classes.
  void use(CocoIds ids) { ids_ = std::move(ids); }
  const CocoIds& ids() const { return ids_; }
  // Throws UsageError where COCO's format needs an id and the image has none.
  void write(const Answer& answer);
  void finish();

 private:
  Format format_;
  Task task_;
  std::string model_;
  Output& output_;
  CocoIds ids_;
  std::vector<Json> objects_;
};

}  // namespace vitq::apps
