// SPDX-License-Identifier: Apache-2.0
// Whatever rules and recipes are accepted give a plan of the layers of a small network, or an
// error.
#include "layer_rules.h"
#include "quantizer/tiny_network.h"
#include "vitq/error.h"
#include "vitq/recipe.h"

namespace {

void plan(const vitq::Recipe& recipe, const vitq::QuantizeOptions& options) {
  static const vitq::test::TinyNetwork network;
  for (const vitq::LayerPlan& layer : plan_layers(network.network(), recipe, options)) {
    if (layer.bits && (layer.bits->weights < 2 || layer.bits->weights > 8)) __builtin_trap();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const vitq::Json json = vitq::Json::parse(text, "input");
    if (json.is_object() && json.contains("rounds")) {
      plan(vitq::recipe_from_json(json), {});
    } else {
      vitq::QuantizeOptions options;
      options.rules = vitq::apps::rules_from_json(json);
      plan(vitq::recipe_named("default"), options);
    }
  } catch (const vitq::Error&) {
  }
  return 0;
}
