// SPDX-License-Identifier: Apache-2.0
#include "recipes.h"

namespace vitq {
namespace {

constexpr NamedRecipe kRecipes[] = {
    {"default", R"({
  "name": "default",
  "token_weights": {"images": 8, "noise": 0.02, "power": 0.5},
  "min_edge_bits": 8,
  "min_output_token_bits": 8,
  "rotated_up_to": {"weight_bits": 6, "activation_bits": 6},
  "rounds": [[
    {"method": "smooth"},
    {"method": "clip", "where": {"activation_bits": [2, 5]}},
    {"method": "ridge", "strength": 0.3, "share": 0.25, "where": {"weight_bits": [2, 5]}},
    {"method": "row_scale"},
    {"method": "codebook", "where": {"weight_bits": [2, 5]}},
    {"method": "gptq"},
    {"method": "coordinate_descent"},
    {"method": "bias"},
    {"method": "qk_smooth"}
  ]]
})"},
    {"near-float", R"({
  "name": "near-float",
  "token_weights": {"images": 8, "noise": 0.02, "power": 0.5},
  "weight_bits": 10,
  "activation_bits": 12,
  "max_query_key_bits": 8,
  "rounds": [[
    {"method": "row_scale"},
    {"method": "gptq"},
    {"method": "coordinate_descent"},
    {"method": "bias"},
    {"method": "qk_smooth"}
  ]]
})"},
    {"paper", R"({
  "name": "paper",
  "rounds": [[
    {"method": "target", "stream": "own"},
    {"method": "correlation", "candidates": 24, "rounds": 4, "tokens": 1024,
     "gamma": 0.1, "theta": 0.2, "pairs": 128,
     "similarity": true, "ranking": true, "bias_correction": true}
  ]]
})"},
    {"minmax", R"({
  "name": "minmax",
  "rounds": [[
    {"method": "target", "stream": "own"},
    {"method": "minmax", "where": {"roles": ["inner", "output"]}},
    {"method": "nearest", "scale": "largest"}
  ]]
})"},
    {"percentile", R"({
  "name": "percentile",
  "rounds": [[
    {"method": "target", "stream": "own"},
    {"method": "percentile", "where": {"roles": ["inner", "output"]}},
    {"method": "nearest", "scale": "largest"}
  ]]
})"},
    {"mse", R"({
  "name": "mse",
  "rounds": [[
    {"method": "target", "stream": "own"},
    {"method": "mse", "where": {"roles": ["inner", "output"]}},
    {"method": "nearest", "scale": "largest"}
  ]]
})"},
    {"entropy", R"({
  "name": "entropy",
  "rounds": [[
    {"method": "target", "stream": "own"},
    {"method": "entropy", "where": {"roles": ["inner", "output"]}},
    {"method": "nearest", "scale": "largest"}
  ]]
})"},
};

}  // namespace

std::span<const NamedRecipe> named_recipes() {
  return kRecipes;
}

}  // namespace vitq
