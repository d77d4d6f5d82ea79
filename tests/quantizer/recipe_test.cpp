// SPDX-License-Identifier: Apache-2.0
#include "vitq/recipe.h"

#include <doctest/doctest.h>

#include "vitq/error.h"
#include "vitq/layer_draft.h"

using namespace vitq;

namespace {

Recipe read(const std::string& json) {
  return recipe_from_json(Json::parse(json, "recipe.json"));
}

}  // namespace

TEST_CASE("every named recipe can be read, and says its name") {
  REQUIRE_FALSE(recipe_names().empty());
  for (const std::string_view name : recipe_names()) {
    CAPTURE(name);
    CHECK(recipe_named(name).name == name);
  }
}

TEST_CASE("a recipe says where its steps apply") {
  const Recipe recipe = read(R"({"name": "x", "min_edge_bits": 6, "min_output_token_bits": 7,
          "rotated_up_to": {"weight_bits": 5}, "rounds": [
    [{"method": "gptq", "damping": 0.1, "where": {"roles": ["inner"], "weight_bits": [2, 4]}}],
    [{"method": "nearest"}]]})");
  CHECK(recipe.min_edge_bits == 6);
  CHECK(recipe.min_output_token_bits == 7);
  CHECK(recipe.rotated_up_to == Bits{5, 0});
  CHECK(recipe.token_weights.images == 0);
  REQUIRE(recipe.rounds.size() == 2);
  LayerDraft layer;
  layer.weight_bits = 4;
  CHECK(recipe.rounds[0][0].where.matches(layer));
  CHECK(recipe.rounds[1][0].where.matches(layer));
  layer.role = Role::kInput;
  CHECK_FALSE(recipe.rounds[0][0].where.matches(layer));
  layer.role = Role::kInner;
  layer.weight_bits = 5;
  CHECK_FALSE(recipe.rounds[0][0].where.matches(layer));
}

TEST_CASE("a recipe says how many bits there are where nobody asks for others") {
  const Recipe usual = read(R"({"name": "x", "rounds": [[]]})");
  CHECK(usual.bits == Bits{7, 8});
  CHECK(usual.max_query_key_bits == kMaxBits);
  const Recipe wide = read(R"({"name": "x", "weight_bits": 9, "activation_bits": 16,
    "max_query_key_bits": 10, "rounds": [[]]})");
  CHECK(wide.bits == Bits{9, 16});
  CHECK(wide.max_query_key_bits == 10);
}

TEST_CASE("recipes with unknown keys, names or values are refused") {
  const char* const kBroken[] = {
      R"({"name": "x"})",
      R"({"name": "x", "rounds": []})",
      R"({"name": "x", "rounds": [[]], "round": 1})",
      R"({"name": "x", "rounds": [[{"method": "magic"}]]})",
      R"({"name": "x", "rounds": [[{"method": "gptq", "coordinate_descent": 2}]]})",
      R"({"name": "x", "rounds": [[{"method": "gptq", "where": {"role": "inner"}}]]})",
      R"({"name": "x", "rounds": [[{"method": "gptq", "where": {"roles": ["outer"]}}]]})",
      R"({"name": "x", "rounds": [[{"method": "gptq", "where": {"weight_bits": [8, 2]}}]]})",
      R"({"name": "x", "rounds": [[{"method": "gptq", "where": {"weight_bits": [4]}}]]})",
      R"({"name": "x", "rounds": [[]], "token_weights": {"photos": 3}})",
      R"({"name": "x", "rounds": [[]], "weight_bits": 17})",
      R"({"name": "x", "rounds": [[]], "max_query_key_bits": 1})",
      R"({"name": "x", "rounds": [[]], "rotated_up_to": {"bits": 3}})",
      R"({"name": "x", "rounds": [[]], "rotated_up_to": {"weight_bits": 99}})",
      R"({"name": 3, "rounds": [[]]})",
      R"([])",
  };
  for (const char* json : kBroken) {
    CAPTURE(json);
    CHECK_THROWS_AS(read(json), FileError);
  }
  CHECK_THROWS_AS(recipe_named("no such"), UnsupportedError);
}
