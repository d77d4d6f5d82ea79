// SPDX-License-Identifier: Apache-2.0
// Decides which bits each layer gets: options, recipe and rules about names have a say.
#include <algorithm>

#include "base/regex.h"
#include "base/text.h"
#include "network/units.h"
#include "vitq/error.h"

namespace vitq {
namespace {

constexpr std::int64_t kFloatBytes = 4;

std::optional<Bits> with_edges(const Unit& unit, const Recipe& recipe, Bits bits) {
  if (!unit.plan.attention && unit.role != Role::kInner) {
    bits.weights = std::max(bits.weights, recipe.min_edge_bits);
    bits.activations = std::max(bits.activations, recipe.min_edge_bits);
  }
  return bits;
}

// Output tokens have bits of their own where the recipe asks for more than the layer has.
void raise_output_tokens(const Recipe& recipe, std::vector<Unit>& units) {
  for (Unit& unit : units) {
    const bool some = unit.plan.bits && unit.output_tokens.end > 0;
    if (some && unit.plan.bits->activations < recipe.min_output_token_bits) {
      unit.plan.output_token_bits = recipe.min_output_token_bits;
    }
  }
}

bool can_have(int bits) {
  return bits >= kMinBits && bits <= kMaxBits;
}

void require_bits(const Bits& bits) {
  if (!can_have(bits.weights) || !can_have(bits.activations)) {
    throw UnsupportedError(text_of("bits w", bits.weights, "a", bits.activations,
                                   " are not supported; weights and activations have ", kMinBits,
                                   " to ", kMaxBits));
  }
}

void apply_rule(const Network& network, const LayerRule& rule, std::vector<Unit>& units) {
  const NamePredicate found = layer_expression(rule.pattern);
  if (rule.bits) require_bits(*rule.bits);
  bool matched = false;
  for (Unit& unit : units) {
    if (!found(unit.plan.name) && !found(network.graph[unit.plan.output].name)) continue;
    unit.plan.bits = rule.bits;
    unit.named = true;
    matched = true;
  }
  if (!matched) {
    throw UnsupportedError(
        text_of("no layer matches '", rule.pattern, "'; a dry run lists the layers there are"));
  }
}

std::int64_t bytes_of(const Graph& graph, const Unit& unit) {
  if (unit.plan.attention) return 0;
  const Node& node = graph[unit.plan.node];
  const std::int64_t n = graph[node.inputs[1]].shape[0];
  const std::int64_t bias = node.inputs.size() > 2 ? n * kFloatBytes : 0;
  if (!unit.plan.bits) return unit.plan.weights * kFloatBytes + bias;
  const std::int64_t codes =
      n * bit_packed_row_bytes(unit.plan.weights / n, unit.plan.bits->weights);
  return codes + n * kFloatBytes + std::max(bias, n * kFloatBytes);
}

}  // namespace

NamePredicate layer_expression(const std::string& pattern) {
  return [regex = Regex(pattern)](std::string_view name) { return regex.found_in(name); };
}

Json rules_to_json(const std::vector<LayerRule>& rules) {
  Json json = Json::array();
  for (const LayerRule& rule : rules) {
    Json entry = Json::object();
    entry.set("layers", rule.pattern);
    entry.set("bits", rule.bits
                          ? Json(text_of("w", rule.bits->weights, "a", rule.bits->activations))
                          : Json("keep"));
    json.push(std::move(entry));
  }
  return json;
}

LayerRule rule_for(const std::string& layer, std::optional<Bits> bits) {
  std::string pattern = "^";
  for (const char c : layer) {
    if (std::string_view(".^$|()[]{}*+?\\").find(c) != std::string_view::npos) pattern += '\\';
    pattern += c;
  }
  return {pattern + '$', bits};
}

void decide_bits(const Network& network, const Recipe& recipe, const QuantizeOptions& options,
                 std::vector<Unit>& units) {
  require_bits(options.bits);
  for (Unit& unit : units) unit.plan.bits = with_edges(unit, recipe, options.bits);
  for (const LayerRule& rule : options.rules) apply_rule(network, rule, units);
  raise_output_tokens(recipe, units);
  for (Unit& unit : units) {
    if (unit.plan.bits) {
      unit.query_key_bits = std::min(unit.plan.bits->activations, recipe.max_query_key_bits);
    }
  }
  for (Unit& unit : units) unit.plan.bytes = bytes_of(network.graph, unit);
}

std::vector<LayerPlan> plan_layers(const Network& network, const Recipe& recipe,
                                   const QuantizeOptions& options) {
  std::vector<Unit> units = find_units(network);
  decide_bits(network, recipe, options, units);
  std::vector<LayerPlan> plans;
  for (const Unit& unit : units) plans.push_back(unit.plan);
  return plans;
}

}  // namespace vitq
