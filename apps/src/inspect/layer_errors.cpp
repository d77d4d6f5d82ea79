// SPDX-License-Identifier: Apache-2.0
#include "inspect/layer_errors.h"

#include "common/table.h"

namespace vitq::apps {

namespace {

std::string text_of(const std::optional<double>& value) {
  return value ? fixed(*value, 2) : "equal";
}

Json json_of(const std::optional<double>& value) {
  return value ? Json(*value) : Json();
}

}  // namespace

std::string to_text(const std::vector<LayerError>& layers) {
  Table table({"layer", "operation", "result", "SNR dB", "of rows the outputs read"}, "lllrr");
  for (const LayerError& layer : layers) {
    table.add({layer.name, layer.op, layer.shape.str(), text_of(layer.decibels),
               layer.output_tokens ? text_of(layer.output_tokens_decibels) : ""});
  }
  return table.str();
}

Json to_json(const std::vector<LayerError>& layers) {
  Json list = Json::array();
  for (const LayerError& layer : layers) {
    Json json = Json::object();
    json.set("layer", layer.name)
        .set("operation", layer.op)
        .set("shape", Json::array(layer.shape.dims()));
    json.set("snr_db", json_of(layer.decibels));
    if (layer.output_tokens)
      json.set("output_tokens_snr_db", json_of(layer.output_tokens_decibels));
    list.push(std::move(json));
  }
  return Json::object().set("layers", std::move(list));
}

}  // namespace vitq::apps
