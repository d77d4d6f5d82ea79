// SPDX-License-Identifier: Apache-2.0
// Reads recipes from JSON.
#include "vitq/recipe.h"

#include <algorithm>

#include "base/text.h"
#include "recipes.h"
#include "vitq/error.h"
#include "vitq/method.h"

namespace vitq {
namespace {

constexpr std::string_view kRoles[] = {"input", "inner", "output"};

void require_keys(const Json& json, std::span<const std::string_view> known) {
  for (const auto& [key, value] : json.members()) {
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      value.fail(text_of("unknown key '", key, "'"));
    }
  }
}

Role role_of(const Json& json) {
  const auto* found = std::find(std::begin(kRoles), std::end(kRoles), json.string());
  if (found == std::end(kRoles)) json.fail("expected input, inner or output");
  return static_cast<Role>(found - std::begin(kRoles));
}

void read_bits(const std::optional<Json>& json, int& min, int& max) {
  if (!json) return;
  const std::vector<Json> ends = json->items();
  if (ends.size() != 2) json->fail("expected the fewest and the most bits");
  min = static_cast<int>(ends[0].integer(kMinBits, kMaxBits));
  max = static_cast<int>(ends[1].integer(min, kMaxBits));
}

Where where_of(const Json& json) {
  constexpr std::string_view kKeys[] = {"roles", "weight_bits", "activation_bits"};
  require_keys(json, kKeys);
  Where where;
  if (const auto roles = json.find("roles")) {
    for (const Json& role : roles->items()) where.roles.push_back(role_of(role));
  }
  read_bits(json.find("weight_bits"), where.min_weight_bits, where.max_weight_bits);
  read_bits(json.find("activation_bits"), where.min_activation_bits, where.max_activation_bits);
  return where;
}

// Gives the method's part of a step.
Json settings_of(const Json& json) {
  std::string text = "{}";
  Json settings = Json::parse(text, json.place());
  for (auto& [key, value] : json.members()) {
    if (key != "method" && key != "where") settings.set(key, value);
  }
  return settings;
}

RecipeStep step_of(const Json& json) {
  const Json method = json.at("method");
  RecipeStep step;
  step.name = method.string();
  if (const auto where = json.find("where")) step.where = where_of(*where);
  step.method = make_method(step.name, settings_of(json));
  return step;
}

TokenWeights token_weights_of(const Json& json) {
  constexpr std::string_view kKeys[] = {"images", "noise", "power"};
  require_keys(json, kKeys);
  Settings settings(json);
  TokenWeights weights;
  weights.images = settings.integer("images", 16, 4096);
  weights.noise = settings.number("noise", 0.02, 1e-4, 1.0);
  weights.power = settings.number("power", 0.5, 0.0, 1.0);
  return weights;
}

Bits most_bits_of(const Json& json) {
  constexpr std::string_view kKeys[] = {"weight_bits", "activation_bits"};
  require_keys(json, kKeys);
  Settings settings(json);
  return {static_cast<int>(settings.integer("weight_bits", 0, kMaxBits)),
          static_cast<int>(settings.integer("activation_bits", 0, kMaxBits))};
}

bool within(int bits, int min, int max) {
  return bits >= min && bits <= max;
}

}  // namespace

bool Where::matches(const LayerDraft& layer) const {
  return (roles.empty() || std::find(roles.begin(), roles.end(), layer.role) != roles.end()) &&
         within(layer.weight_bits, min_weight_bits, max_weight_bits) &&
         within(layer.activation_bits, min_activation_bits, max_activation_bits);
}

bool Where::matches(const AttentionDraft& attention) const {
  return within(attention.bits, min_activation_bits, max_activation_bits);
}

Recipe recipe_from_json(const Json& json) {
  constexpr std::string_view kKeys[] = {
      "name",          "token_weights",         "weight_bits",        "activation_bits",
      "min_edge_bits", "min_output_token_bits", "max_query_key_bits", "rotated_up_to",
      "rounds"};
  require_keys(json, kKeys);
  Recipe recipe;
  recipe.name = json.at("name").string();
  if (const auto weights = json.find("token_weights"))
    recipe.token_weights = token_weights_of(*weights);
  const auto read_bits_of = [&json](std::string_view key, int& bits) {
    const auto found = json.find(key);
    if (found) bits = static_cast<int>(found->integer(kMinBits, kMaxBits));
  };
  read_bits_of("weight_bits", recipe.bits.weights);
  read_bits_of("activation_bits", recipe.bits.activations);
  read_bits_of("min_edge_bits", recipe.min_edge_bits);
  read_bits_of("min_output_token_bits", recipe.min_output_token_bits);
  read_bits_of("max_query_key_bits", recipe.max_query_key_bits);
  if (const auto up_to = json.find("rotated_up_to")) recipe.rotated_up_to = most_bits_of(*up_to);
  for (const Json& round : json.at("rounds").items()) {
    std::vector<RecipeStep>& steps = recipe.rounds.emplace_back();
    for (const Json& step : round.items()) steps.push_back(step_of(step));
  }
  if (recipe.rounds.empty()) json.fail("a recipe needs a round");
  recipe.json = json;
  return recipe;
}

Recipe recipe_named(std::string_view name) {
  std::string names;
  for (const NamedRecipe& recipe : named_recipes()) {
    if (recipe.name == name) {
      return recipe_from_json(Json::parse(recipe.json, text_of("recipe ", name)));
    }
    names += text_of(names.empty() ? "" : ", ", recipe.name);
  }
  throw UnsupportedError(text_of("there is no recipe '", name, "'; there are: ", names));
}

std::vector<std::string_view> recipe_names() {
  std::vector<std::string_view> names;
  for (const NamedRecipe& recipe : named_recipes()) names.push_back(recipe.name);
  return names;
}

}  // namespace vitq
