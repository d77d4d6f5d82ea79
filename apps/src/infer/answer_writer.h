// SPDX-License-Identifier: Apache-2.0
// This writes answers as text, JSON or CSV, or as COCO's results.
#pragma once

#include <string>
#include <vector>

#include "common/answer.h"
#include "common/output.h"
#include "infer/coco_ids.h"

namespace vitq::apps {

// kCoco is COCO's list of results.
enum class Format { kText, kJson, kJsonl, kCsv, kCoco };

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
