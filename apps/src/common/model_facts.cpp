// SPDX-License-Identifier: Apache-2.0
#include "common/model_facts.h"

#include <algorithm>

#include "vitq/attention.h"
#include "vitq/error.h"
#include "vitq/family.h"
#include "vitq/graph.h"

namespace vitq::apps {

namespace {

std::string main_ability(Task task) {
  switch (task) {
    case Task::kClassification: return "classify";
    case Task::kDetection: return "detect";
    case Task::kFeatures: break;
  }
  return "features";
}

}  // namespace

std::vector<std::string> abilities(const Model& model) {
  std::vector<std::string> names = {main_ability(model.task())};
  if (has_attention_maps(model)) names.emplace_back("attention");
  if (model.task() == Task::kFeatures) names.emplace_back("components");
  return names;
}

void require_ability(std::span<const std::string> known, std::string_view ability,
                     const std::string& called) {
  if (std::ranges::find(known, ability) != known.end()) return;
  std::string all;
  for (const std::string& one : known) all += (all.empty() ? "" : ", ") + one;
  throw UnsupportedError(called + " has no " + std::string(ability) + "; it has " + all);
}

std::string format_of(const ModelInfo& info) {
  if (info.quantization.is_null()) return "float";
  const std::optional<Json> bits = info.quantization.find("bits");
  return bits && bits->is_string() ? bits->string() : "int8";
}

Json model_facts(const Model& model, std::int64_t bytes) {
  Json json = Json::object()
                  .set("task", name_of(model.task()))
                  .set("family", model.info().family)
                  .set("classes", class_count(model.info()))
                  .set("format", format_of(model.info()))
                  .set("bytes", bytes)
                  .set("answers", Json::array(abilities(model)));
  if (family(model.info().family).any_size) return json;
  const Shape& input = model.graph()[model.graph().inputs()[0]].shape;
  return json.set("input", Json::array(input.dims().subspan(1)));
}

}  // namespace vitq::apps
