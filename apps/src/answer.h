// SPDX-License-Identifier: Apache-2.0
// What vit_infer says of a picture, as text, JSON or CSV.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "output.h"
#include "vitq/model.h"

namespace vitq::apps {

// Milliseconds per picture; in a batch each has an equal share of the network's time.
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
  std::vector<Prediction> predictions;
  std::optional<Timing> timing;
  std::string error;  // why there are no predictions
};

enum class Format { kText, kJson, kJsonl, kCsv };

Json to_json(const Answer& answer, const std::string& model);

// Writes answers as they come, except for JSON: one picture's answer is an object, several are an
// array, which is complete or absent.
class AnswerWriter {
 public:
  AnswerWriter(Format format, std::string model, Output& output);
  void write(const Answer& answer);
  void finish();

 private:
  Format format_;
  std::string model_;
  Output& output_;
  std::vector<Json> objects_;
};

// Answers are classes: throws UnsupportedError for a model that detects.
void require_classifier(const Model& model);

}  // namespace vitq::apps
