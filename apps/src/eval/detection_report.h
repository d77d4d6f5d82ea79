// SPDX-License-Identifier: Apache-2.0
// This is what vit_eval does with annotated images, and prints of it.
#pragma once

#include <string>

#include "common/failures.h"
#include "vitq/evaluate_detection.h"

namespace vitq::apps {

struct AnnotatedReport {
  std::string model;
  double images_per_second = 0.0;  // reading and preparing the images included
  DetectionReport found;
};

// Looks at every image of `truth` as detect() does, and leaves out what cannot be read where
// `failures` collects it. Progress goes to standard error.
AnnotatedReport evaluate_detection(const Model& model, const CocoTruth& truth,
                                   const CategoryMatch& match, DetectOptions options,
                                   Failures* failures);

std::string to_text(const AnnotatedReport& report);
Json to_json(const AnnotatedReport& report);

}  // namespace vitq::apps
