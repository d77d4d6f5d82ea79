// SPDX-License-Identifier: Apache-2.0
// A recipe says how a network is quantized: rounds of methods in order, each round one pass over
// the layers. Recipes are JSON; quantizer/src/recipes.cpp holds those that have a name.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vitq/bits.h"
#include "vitq/json.h"

namespace vitq {

class Method;
struct LayerDraft;
struct AttentionDraft;

// Where a layer stands in the network.
enum class Role : std::uint8_t {
  kInput,   // it reads the image itself
  kInner,   // it stands between the other two
  kOutput,  // it reads output tokens alone: a classification head
};

// The layers that a step is for. An attention has neither role nor weights, so that only its
// activation bits are compared.
struct Where {
  std::vector<Role> roles;  // empty: all roles
  int min_weight_bits = kMinBits, max_weight_bits = kMaxBits;
  int min_activation_bits = kMinBits, max_activation_bits = kMaxBits;

  bool matches(const LayerDraft& layer) const;
  bool matches(const AttentionDraft& attention) const;
};

struct RecipeStep {
  std::string name;
  Where where;
  std::shared_ptr<const Method> method;
};

// How much errors in output tokens weigh: noise is added to the residual stream, once in output
// tokens and once in the others. The weight is the ratio of the errors at the outputs to a power.
struct TokenWeights {
  std::int64_t images = 0;  // to measure on; 0: all tokens weigh the same
  double noise = 0.02;      // in units of the standard deviation of the values it is added to
  double power = 0.5;
};

struct Recipe {
  std::string name;
  TokenWeights token_weights;
  Bits bits;  // where nobody asks for others
  // The fewest bits of weights and activations in the first layer and in the heads.
  int min_edge_bits = kMinBits;
  // The fewest bits of activations in output tokens. They are few, and most of the noise that
  // reaches the outputs comes by them.
  int min_output_token_bits = kMinBits;
  // The most bits of queries and keys. Their errors are a part of the scores alone.
  int max_query_key_bits = kMaxBits;
  // Networks with at most so many bits of weights, or of activations, are to be rotated before they
  // are quantized (vitq/rotation.h), as quantize_model() does. 0: none.
  Bits rotated_up_to = {0, 0};
  std::vector<std::vector<RecipeStep>> rounds;
  Json json;  // as it was read, for the record
};

// Reads {"name", "token_weights"?: {"images", "noise", "power"}, "weight_bits"?,
// "activation_bits"?, "min_edge_bits"?, "min_output_token_bits"?, "max_query_key_bits"?,
// "rotated_up_to"?: {"weight_bits", "activation_bits"}, "rounds": [[step]]}. A step is {"method",
// "where"?: {"roles", "weight_bits": [min, max], "activation_bits": [min, max]}} with the settings
// of its method beside them. Throws FileError for anything else.
Recipe recipe_from_json(const Json& json);
// Throws UnsupportedError, which lists the names there are, for any other name.
Recipe recipe_named(std::string_view name);
std::vector<std::string_view> recipe_names();

}  // namespace vitq
