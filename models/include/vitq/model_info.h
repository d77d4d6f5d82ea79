// SPDX-License-Identifier: Apache-2.0
// What a model file says besides its tensors, and what its outputs mean.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "vitq/json.h"
#include "vitq/preprocess.h"

namespace vitq {

enum class Task { kClassification, kDetection };

// Everything a model file says but its tensors: the JSON under the metadata key "vitq".
struct ModelInfo {
  static constexpr std::int64_t kFormat = 3;        // written
  static constexpr std::int64_t kOldestFormat = 2;  // read

  std::string family;
  Json config;  // canonical, see the family
  Preprocess preprocess;
  std::vector<std::string> labels;  // by class id; empty strings, or none at all, where unknown
  Json source;                      // what it was made from, for people
  Json quantization;                // null for float; else "scheme" and how it was found

  // "class_57" where there is no label.
  std::string label(std::int64_t id) const;

  Json to_json() const;
  static ModelInfo from_json(const Json& json);
};

struct Prediction {
  std::int64_t id = 0;
  std::string label;
  float score = 0.0F;  // probability
};

// The k most probable classes, falling. Equal scores go by rising id.
std::vector<Prediction> top_k(std::span<const float> logits, const ModelInfo& info, std::size_t k);

}  // namespace vitq
