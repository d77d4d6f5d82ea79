// SPDX-License-Identifier: Apache-2.0
// A model file has a description beside its tensors, which also says what its outputs mean.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vitq/json.h"
#include "vitq/lower.h"
#include "vitq/preprocess.h"

namespace vitq {

// A network of features has two outputs. `features` [N, F] describe an image: timm's
// forward_head(pre_logits=True), transformers' pooler_output or image_embeds, of any length.
// `tokens` [N, h, w, C] describe its patches, after the last norm.
enum class Task { kClassification, kDetection, kFeatures };
// "classification", "detection" or "features".
std::string_view name_of(Task task);

// What logits mean: one class of several, each class for itself, or numbers that are the answer
// already (regression). A detector with softmax has a further class, "no object".
enum class Scores { kSoftmax, kSigmoid, kRaw };
// "softmax", "sigmoid" or "raw", as model files have it.
std::string_view name_of(Scores scores);

// All that a model file has but its tensors, as JSON under the metadata key "vitq".
// docs/file_format.md describes it.
struct ModelInfo {
  static constexpr std::int64_t kFormat = 6;        // written
  static constexpr std::int64_t kOldestFormat = 2;  // read

  std::string family;
  Json config;  // in the canonical form of the family
  Preprocess preprocess;
  std::vector<std::string> labels;  // by class id; empty strings, or none at all, where unknown
  Scores scores = Scores::kSoftmax;
  Json source;        // says for people what it was made from
  Json quantization;  // null for float; else "scheme", and how that was found

  // Answers "class_57" where there is no label.
  std::string label(std::int64_t id) const;

  Json to_json() const;
  // Throws FileError for what is missing or of the wrong kind, and for formats it does not read.
  static ModelInfo from_json(const Json& json);
};

// How the sites of a quantized model are computed: kIntegerOnly where its "quantization" says so.
// Throws FileError for a word that is no numerics.
Numerics numerics_of(const ModelInfo& info);
// What "quantization" says for kIntegerOnly, under the key "numerics".
inline constexpr std::string_view kIntegerOnlyName = "integer_only";

// Answers how many classes the network tells apart; of a detector, "no object" is none of them.
// One of features tells none.
std::int64_t class_count(const ModelInfo& info);

struct Prediction {
  std::int64_t id = 0;
  std::string label;
  float score = 0.0F;  // probability, or of a regression the value itself
};

// Answers the k classes of the highest scores of one image's logits [classes], by falling score
// and then by rising id. `info.scores` says how logits become scores. Throws WeightError if a logit
// is infinite or no number.
std::vector<Prediction> top_k(std::span<const float> logits, const ModelInfo& info, std::size_t k);

}  // namespace vitq
