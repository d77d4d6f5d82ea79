// SPDX-License-Identifier: Apache-2.0
#include "draw/map_json.h"

#include "draw/component_map.h"

namespace vitq::apps {

namespace {

Json grid(std::int64_t height, std::int64_t width) {
  Json json = Json::array();
  json.push(height);
  return json.push(width);
}

}  // namespace

Json map_json(const Answer& answer, const Preprocess& preprocess, const std::string& model) {
  const std::array<double, 4> crop =
      preprocess.visible(static_cast<int>(answer.width), static_cast<int>(answer.height));
  return Json::object()
      .set("width", answer.width)
      .set("height", answer.height)
      .set("crop", Json::array(crop))
      .set("model", model);
}

Json map_json(const AttentionMaps& maps) {
  const auto patches = static_cast<std::size_t>(maps.height * maps.width);
  std::span<const float> rest = maps.weights;
  Json layers = Json::array();
  for (std::int64_t layer = 0; layer < maps.layers; ++layer) {
    Json heads = Json::array();
    for (std::int64_t head = 0; head < maps.heads; ++head, rest = rest.subspan(patches)) {
      heads.push(Json::array(rest.first(patches)));
    }
    layers.push(std::move(heads));
  }
  return Json::object()
      .set("layers", maps.layers)
      .set("heads", maps.heads)
      .set("grid", grid(maps.height, maps.width))
      .set("maps", std::move(layers));
}

Json components_json(const Tensor& tokens) {
  const Image colours = component_colours(tokens);
  Json pixels = Json::array();
  for (std::size_t i = 0; i < colours.rgb.size(); i += 3) {
    Json pixel = Json::array();
    for (std::size_t c = 0; c < 3; ++c) pixel.push(int{colours.rgb[i + c]});
    pixels.push(std::move(pixel));
  }
  return Json::object()
      .set("grid", grid(colours.height, colours.width))
      .set("colors", std::move(pixels));
}

}  // namespace vitq::apps
