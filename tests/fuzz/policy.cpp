// SPDX-License-Identifier: Apache-2.0
// Whatever rules and recipes are accepted give a plan of the layers of a small network, whatever
// sensitivities are accepted a front, or an error.
#include "fuzz/target.h"
#include "quantize/layer_rules.h"
#include "quantizer/tiny_network.h"
#include "vitq/error.h"
#include "vitq/pareto.h"
#include "vitq/recipe.h"
#include "vitq/sensitivity.h"

namespace {

void plan(const vitq::Recipe& recipe, const vitq::QuantizeOptions& options) {
  static const vitq::test::TinyNetwork network;
  for (const vitq::LayerPlan& layer : plan_layers(network.network(), recipe, options)) {
    if (layer.bits && (layer.bits->weights < 2 || layer.bits->weights > 8)) __builtin_trap();
  }
}

void search(const vitq::Sensitivities& found) {
  constexpr std::size_t kLayers = 8;  // the front is bounded by the layers of a network
  std::vector<std::vector<vitq::Choice>> layers;
  for (const auto& layer : found.groups) {
    if (layers.size() == kLayers) break;
    layers.emplace_back();
    for (const vitq::BitsLoss& loss : layer.choices)
      layers.back().push_back({loss.bytes, loss.loss});
  }
  const vitq::ParetoFront front(layers);
  if (front.assignment(front.points().size() - 1).size() != layers.size()) __builtin_trap();
}

}  // namespace

void check(std::span<const std::uint8_t> input) {
  const vitq::Json json = vitq::Json::parse(as_text(input), "input");
  if (json.is_object() && json.contains("rest_bytes")) {
    search(vitq::Sensitivities::from_json(json));
  } else if (json.is_object() && json.contains("rounds")) {
    plan(vitq::recipe_from_json(json), {});
  } else {
    vitq::QuantizeOptions options;
    options.rules = vitq::apps::rules_from_json(json);
    plan(vitq::recipe_named("default"), options);
  }
}
