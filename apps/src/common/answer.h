// SPDX-License-Identifier: Apache-2.0
// An answer is what a program says of an image: its classes, the objects in it, or its features.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "vitq/json.h"
#include "vitq/model.h"

namespace vitq::apps {

// The times are milliseconds per image. In a batch each has an equal share of the network's time.
struct Timing {
  double decode = 0.0;
  double preprocess = 0.0;
  std::optional<double> queue = {};  // of a server: until the network had time
  double infer = 0.0;
  double post = 0.0;
};

struct Answer {
  std::string image;  // its name; empty where it has none
  std::int64_t width = 0;
  std::int64_t height = 0;
  std::vector<Prediction> predictions;  // of a classifier
  std::vector<Detection> detections;    // of a detector
  std::vector<float> features;          // of a network without a head
  Shape tokens = {};                    // [N, h, w, C], of the same
  std::optional<Timing> timing;
  std::string error;  // why there is nothing
};

// A detector names objects of at least this probability.
constexpr float kUsualThreshold = 0.5F;

struct AnswerOptions {
  std::size_t top = 5;                // classes that a classifier names
  float threshold = kUsualThreshold;  // of a detector
};

// Puts what the network said of image `row` of a batch to the answer, which has its size already.
void interpret(std::span<const Tensor> outputs, std::size_t row, const ModelInfo& info,
               const AnswerOptions& options, Answer& answer);

Json to_json(const Timing& timing);
Json to_json(const Answer& answer, Task task, const std::string& model);

// The shortest decimal number that is this float, 0.357 rather than 0.35699999332427979, as text
// and as the double nearest to it.
std::string shortest(float value);
double exact(float value);

// Left, top, right, bottom.
std::array<float, 4> sides(const Box& box);

}  // namespace vitq::apps
