// SPDX-License-Identifier: Apache-2.0
// vit_eval for networks of features: how near they are to another's, and how well nearest
// neighbours name what is in an image.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "eval/options.h"
#include "vitq/compare_features.h"

namespace vitq::apps {

struct FeatureReport {
  std::string model;
  std::string against;  // the reference; empty: there is none
  std::int64_t images = 0;
  double images_per_second = 0.0;
  std::optional<std::size_t> neighbours = {};        // that vote; nothing: there are no labels
  std::int64_t right = 0;                            // by their vote
  std::int64_t reference_right = 0;                  // by that of the reference's features
  std::optional<FeatureComparison> comparison = {};  // with the reference
  bool each = false;                                 // whether JSON has the cosine of each image
};

// Throws UsageError if the job asks neither for neighbours nor for a comparison.
void require_question(const EvalJob& job);

// Throws what features_of() throws.
FeatureReport evaluate_features(const EvalJob& job, const Model& model,
                                std::span<const LabelledImage> images, const EvaluateOptions& how);

std::string to_text(const FeatureReport& report);
Json to_json(const FeatureReport& report);

}  // namespace vitq::apps
