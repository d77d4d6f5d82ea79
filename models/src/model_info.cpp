// SPDX-License-Identifier: Apache-2.0
#include "vitq/model_info.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "vitq/error.h"
#include "vitq/finite.h"

namespace vitq {

std::string ModelInfo::label(std::int64_t id) const {
  const auto index = static_cast<std::size_t>(id);
  const bool known = id >= 0 && index < labels.size() && !labels[index].empty();
  return known ? labels[index] : "class_" + std::to_string(id);
}

Json ModelInfo::to_json() const {
  Json json = Json::object();
  json.set("format", kFormat).set("family", family).set("config", config);
  json.set("preprocess", preprocess.to_json()).set("labels", Json::array(labels));
  json.set("source", source);
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
  info.source = json.at("source");
  info.quantization = json.find("quantization").value_or(Json());
  return info;
}

std::int64_t class_count(const ModelInfo& info) {
  return info.config.at("classes").integer(1, 1'000'000);
}

std::vector<Prediction> top_k(std::span<const float> logits, const ModelInfo& info, std::size_t k) {
  require_finite(logits, "logits");
  const float largest = *std::max_element(logits.begin(), logits.end());
  double sum = 0.0;
  for (const float logit : logits)
    sum += std::exp(static_cast<double>(logit) - static_cast<double>(largest));
  std::vector<std::size_t> order(logits.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  k = std::min(k, order.size());
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(k), order.end(),
                    [&](std::size_t a, std::size_t b) {
                      return logits[a] != logits[b] ? logits[a] > logits[b] : a < b;
                    });
  std::vector<Prediction> predictions;
  for (std::size_t i = 0; i < k; ++i) {
    const auto id = static_cast<std::int64_t>(order[i]);
    const double score =
        std::exp(static_cast<double>(logits[order[i]]) - static_cast<double>(largest)) / sum;
    predictions.push_back({id, info.label(id), static_cast<float>(score)});
  }
  return predictions;
}

}  // namespace vitq
