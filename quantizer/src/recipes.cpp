// SPDX-License-Identifier: Apache-2.0
#include "recipes.h"

namespace vitq {
namespace {

constexpr NamedRecipe kRecipes[] = {
    {"default", R"({
  "name": "default",
  "row_weights": {"images": 16, "noise": 0.02, "power": 0.5},
  "least_edge_bits": 8,
  "rounds": [[
    {"method": "target", "stream": "float"}
  ]]
})"},
};

}  // namespace

std::span<const NamedRecipe> named_recipes() {
  return kRecipes;
}

}  // namespace vitq
