// SPDX-License-Identifier: Apache-2.0
// What is done to a network, in order: rounds of methods, each round one pass over the layers.
// Every recipe is JSON; those that have a name are kept in quantizer/src/recipes.cpp.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vitq/json.h"
#include "vitq/method.h"

namespace vitq {

// The layers that a step is for. Attentions have no role and no weights: only activation bits.
struct Where {
  std::vector<Role> roles;  // none: all
  int min_weight_bits = 2, max_weight_bits = 8;
  int min_activation_bits = 2, max_activation_bits = 8;

  bool matches(const LayerDraft& layer) const;
  bool matches(const AttentionDraft& attention) const;
};

struct RecipeStep {
  std::string name;
  Where where;
  std::shared_ptr<const Method> method;
};

// How errors of output tokens are weighed: by the error at the outputs that noise on them makes, to
// the power; measured on that many images. No images: all rows weigh the same.
struct TokenWeights {
  std::int64_t images = 0;
  double noise = 0.02;  // of the deviation of the values it is added to
  double power = 0.5;
};

struct Recipe {
  std::string name;
  TokenWeights token_weights;
  int min_edge_bits = 2;  // of the weights and activations of the first layer and the heads
  std::vector<std::vector<RecipeStep>> rounds;
  Json json;  // as it was read, for the record
};

// {"name", "token_weights"?: {"images", "noise", "power"}, "min_edge_bits"?, "rounds": [[step]]},
// step: {"method", "where"?: {"roles", "weight_bits": [least, most], "activation_bits"}, settings}.
// Unknown keys throw FileError.
Recipe recipe_from_json(const Json& json);
// Throws UnsupportedError, listing the names there are, for any other.
Recipe recipe_named(std::string_view name);
std::vector<std::string_view> recipe_names();

}  // namespace vitq
