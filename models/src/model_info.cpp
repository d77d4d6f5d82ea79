// SPDX-License-Identifier: Apache-2.0
#include "vitq/model_info.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "vitq/error.h"
#include "vitq/finite.h"

namespace vitq {

namespace {

constexpr std::array<std::string_view, 3> kScores = {"softmax", "sigmoid", "raw"};

Scores read_scores(const Json& json) {
  const auto name = std::find(kScores.begin(), kScores.end(), json.string());
  if (name == kScores.end()) json.fail("expected softmax, sigmoid or raw");
  return static_cast<Scores>(name - kScores.begin());
}

// Turns logits of one image into scores.
class Scoring {
 public:
  Scoring(std::span<const float> logits, Scores kind) : kind_(kind) {
    if (kind != Scores::kSoftmax) return;
    largest_ = static_cast<double>(*std::max_element(logits.begin(), logits.end()));
    for (const float logit : logits) sum_ += std::exp(static_cast<double>(logit) - largest_);
  }

  float operator()(float logit) const {
    const auto x = static_cast<double>(logit);
    switch (kind_) {
      case Scores::kSoftmax: return static_cast<float>(std::exp(x - largest_) / sum_);
      case Scores::kSigmoid: return static_cast<float>(1.0 / (1.0 + std::exp(-x)));
      case Scores::kRaw: break;
    }
    return logit;
  }

 private:
  Scores kind_;
  double largest_ = 0.0;
  double sum_ = 0.0;
};

}  // namespace

std::string_view name_of(Task task) {
  switch (task) {
    case Task::kClassification: return "classification";
    case Task::kDetection: return "detection";
    case Task::kFeatures: break;
  }
  return "features";
}

std::string_view name_of(Scores scores) {
  return kScores[static_cast<std::size_t>(scores)];
}

std::string ModelInfo::label(std::int64_t id) const {
  const auto index = static_cast<std::size_t>(id);
  const bool known = id >= 0 && index < labels.size() && !labels[index].empty();
  return known ? labels[index] : "class_" + std::to_string(id);
}

Json ModelInfo::to_json() const {
  Json json = Json::object();
  json.set("format", kFormat).set("family", family).set("config", config);
  json.set("preprocess", preprocess.to_json()).set("labels", Json::array(labels));
  json.set("scores", name_of(scores)).set("source", source);
  if (!quantization.is_null()) json.set("quantization", quantization);
  return json;
}

ModelInfo ModelInfo::from_json(const Json& json) {
  const std::int64_t format = json.at("format").integer(0, 1'000'000);
  if (format < kOldestFormat || format > kFormat) {
    throw FileError(Fault::kMismatch, json.at("format").place(),
                    "format " + std::to_string(format) + "; this version reads formats " +
                        std::to_string(kOldestFormat) + " to " + std::to_string(kFormat));
  }
  ModelInfo info;
  info.family = json.at("family").string();
  info.config = json.at("config");
  info.preprocess = Preprocess::from_json(json.at("preprocess"));
  for (const Json& label : json.at("labels").items()) info.labels.push_back(label.string());
  // Files before format 4 have softmax alone.
  if (const auto scores = json.find("scores")) info.scores = read_scores(*scores);
  info.source = json.at("source");
  info.quantization = json.find("quantization").value_or(Json());
  return info;
}

Numerics numerics_of(const ModelInfo& info) {
  if (info.quantization.is_null()) return Numerics::kInteger;
  const std::optional<Json> numerics = info.quantization.find("numerics");
  if (!numerics) return Numerics::kInteger;
  if (numerics->string() != kIntegerOnlyName) {
    numerics->fail("expected " + std::string(kIntegerOnlyName));
  }
  return Numerics::kIntegerOnly;
}

std::int64_t class_count(const ModelInfo& info) {
  return info.config.at("classes").integer(0, 1'000'000);
}

std::vector<Prediction> top_k(std::span<const float> logits, const ModelInfo& info, std::size_t k) {
  require_finite(logits, "logits");
  std::vector<std::size_t> order(logits.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  k = std::min(k, order.size());
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(k), order.end(),
                    [&](std::size_t a, std::size_t b) {
                      return logits[a] != logits[b] ? logits[a] > logits[b] : a < b;
                    });
  const Scoring score(logits, info.scores);
  std::vector<Prediction> predictions;
  for (std::size_t i = 0; i < k; ++i) {
    const auto id = static_cast<std::int64_t>(order[i]);
    predictions.push_back({id, info.label(id), score(logits[order[i]])});
  }
  return predictions;
}

}  // namespace vitq
