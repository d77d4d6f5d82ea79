// SPDX-License-Identifier: Apache-2.0
#include "models.h"

#include "call.h"
#include "handles.h"
#include "vitq/family.h"
#include "vitq/graph.h"

namespace vitq::c {

namespace {

Handles<const OpenModel>& models() {
  static Handles<const OpenModel> handles("model");
  return handles;
}

ModelOptions options_of(const vitq_load_options* given) {
  const vitq_load_options options = known_part(given, "options");
  if (options.threads < 0) throw ArgumentError("options->threads is less than 0");
  return {.session = {.threads = options.threads}, .lower = {}, .verify = options.verify != 0};
}

std::string describe(const Model& model) {
  const Graph& graph = model.graph();
  Json outputs = Json::array();
  for (const GraphOutput& output : graph.outputs()) {
    Json json = Json::object();
    json.set("name", output.name).set("shape", Json::array(graph[output.node].shape.dims()));
    outputs.push(std::move(json));
  }
  const ModelInfo& info = model.info();
  Json json = Json::object();
  json.set("task", vitq::name_of(model.task())).set("classes", class_count(info));
  json.set("input", Json::array(graph[graph.inputs()[0]].shape.dims()))
      .set("pixels", model.reads_pixels());
  json.set("outputs", std::move(outputs)).set("family", info.family).set("config", info.config);
  json.set("preprocess", info.preprocess.to_json()).set("labels", Json::array(info.labels));
  json.set("scores", vitq::name_of(info.scores)).set("source", info.source);
  return json.set("quantization", info.quantization).dump();
}

vitq_model keep_open(Model model) {
  std::string info = describe(model);
  return models().add(
      std::make_shared<const OpenModel>(OpenModel{std::move(model), std::move(info)}));
}

}  // namespace

std::shared_ptr<const OpenModel> open_model(vitq_model model) {
  return models().at(model);
}

}  // namespace vitq::c

vitq_status vitq_model_load(const char* path, const vitq_load_options* options, vitq_model* model) {
  return vitq::c::call([&] {
    vitq_model& made = vitq::c::required(model, "model");
    made = vitq::c::keep_open(
        vitq::Model::load(&vitq::c::required(path, "path"), vitq::c::options_of(options)));
  });
}

vitq_status vitq_model_load_bytes(const void* bytes, size_t count, const vitq_load_options* options,
                                  vitq_model* model) {
  return vitq::c::call([&] {
    vitq_model& made = vitq::c::required(model, "model");
    const auto* begin = &vitq::c::required(static_cast<const std::byte*>(bytes), "bytes");
    const char* name = vitq::c::known_part(options, "options").name;
    made = vitq::c::keep_open(vitq::Model::load(
        std::span(begin, count), vitq::c::text_or(name, "bytes"), vitq::c::options_of(options)));
  });
}

vitq_status vitq_model_close(vitq_model model) {
  return vitq::c::call([&] { vitq::c::models().take(model); });
}

vitq_status vitq_model_info(vitq_model model, const char** json) {
  return vitq::c::call(
      [&] { vitq::c::required(json, "json") = vitq::c::open_model(model)->info.c_str(); });
}
