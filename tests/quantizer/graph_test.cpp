// SPDX-License-Identifier: Apache-2.0
// What is found in a graph: the layers, where they stand, and their bits.
#include <doctest/doctest.h>

#include "quantizer/tiny_network.h"
#include "rows_of_graph.h"
#include "units.h"
#include "vitq/error.h"

using namespace vitq;
using namespace vitq::test;

namespace {

const Unit& unit_named(const std::vector<Unit>& units, const std::string& name) {
  for (const Unit& unit : units) {
    if (unit.plan.name == name) return unit;
  }
  FAIL("no unit " << name);
  return units.front();
}

std::optional<Bits> bits_of(const TinyNetwork& tiny, const QuantizeOptions& options,
                            const std::string& name) {
  for (const LayerPlan& plan : plan_layers(tiny.network(), recipe_named("default"), options)) {
    if (plan.name == name) return plan.bits;
  }
  FAIL("no layer " << name);
  return {};
}

}  // namespace

TEST_CASE("roles come from where a layer stands, not from its name") {
  const TinyNetwork tiny;
  const std::vector<Unit> units = find_units(tiny.network());
  CHECK(units.size() == 12);  // 4 layers and an attention per block, patches and head
  CHECK(unit_named(units, "stem").role == Role::kInput);
  CHECK(unit_named(units, "block.0.qkv").role == Role::kInner);
  CHECK(unit_named(units, "answer").role == Role::kOutput);
}

TEST_CASE("layers of which only the class row is read are known") {
  const TinyNetwork tiny;
  const std::vector<Unit> units = find_units(tiny.network());
  for (const char* name : {"block.1.proj", "block.1.fc1", "block.1.fc2"}) {
    CHECK(unit_named(units, name).special_only);
  }
  for (const char* name : {"block.0.proj", "block.0.fc2", "block.1.qkv"}) {
    CHECK_FALSE(unit_named(units, name).special_only);
  }
  CHECK(unit_named(units, "block.1.qkv").output_tokens == AxisSpan{1, 0, 1});
  CHECK(unit_named(units, "answer").background >= 0);
}

TEST_CASE("queries, keys and values are parts of one layer") {
  const TinyNetwork tiny;
  const std::vector<Unit> units = find_units(tiny.network());
  CHECK(unit_named(units, "block.0.qkv").parts == std::vector<std::int64_t>{8, 8, 8});
  CHECK(unit_named(units, "block.0.fc1").parts == std::vector<std::int64_t>{16});
}

TEST_CASE("errors of a layer are weighed where they enter the residual stream") {
  const TinyNetwork tiny;
  const RowsOfGraph rows(tiny.graph);
  const std::vector<Unit> units = find_units(tiny.network());
  const std::vector<NodeId> stream = rows.stream();
  REQUIRE(stream.size() == 2);  // those of the last block reach the class row alone
  CHECK(unit_named(units, "block.0.qkv").stream == stream[0]);
  CHECK(unit_named(units, "block.0.fc1").stream == stream[1]);
}

TEST_CASE("a convolution stays in float if the pixels are not known") {
  const TinyNetwork tiny;
  const Network network = {tiny.graph, tiny.weights, {}};
  CHECK(find_units(network).size() == 11);
}

TEST_CASE("the last rule that matches wins, and heads keep their bits without one") {
  const TinyNetwork tiny;
  QuantizeOptions options;
  options.bits = {4, 6};
  CHECK(bits_of(tiny, options, "block.0.fc1") == Bits{4, 6});
  CHECK(bits_of(tiny, options, "answer") == Bits{8, 8});
  options.rules = {{"fc", std::nullopt}, {"0\\.fc1", Bits{5, 7}}, {"answer", Bits{3, 3}}};
  CHECK(bits_of(tiny, options, "block.0.fc1") == Bits{5, 7});
  CHECK(bits_of(tiny, options, "block.1.fc1") == std::nullopt);
  CHECK(bits_of(tiny, options, "answer") == Bits{3, 3});
}

TEST_CASE("an expression that backtracking would never finish is matched at once") {
  const std::string name(200, 'a');
  CHECK(!std::regex_search(name, layer_expression("^((((a*)*)*)*)*b$")));
  CHECK(std::regex_search(name + "b", layer_expression("^((((a*)*)*)*)*b$")));
  CHECK_THROWS_AS(layer_expression("(a)\\1"), UnsupportedError);
  CHECK_THROWS_AS(layer_expression("a{99999999999999999999}"), UnsupportedError);
  CHECK_THROWS_AS(layer_expression("\\" + std::string(40, '5')), UnsupportedError);
  CHECK_THROWS_AS(layer_expression(std::string(1001, 'a')), UnsupportedError);
}

TEST_CASE("rules that match nothing, are no expressions or ask for odd bits are refused") {
  const TinyNetwork tiny;
  const auto plan = [&](const LayerRule& rule) {
    QuantizeOptions options;
    options.rules = {rule};
    return plan_layers(tiny.network(), recipe_named("default"), options);
  };
  CHECK_THROWS_AS(plan({"blocks", std::nullopt}), UnsupportedError);
  CHECK_THROWS_AS(plan({"(", std::nullopt}), UnsupportedError);
  CHECK_THROWS_AS(plan({"fc1", Bits{9, 8}}), UnsupportedError);
  QuantizeOptions options;
  options.bits = {8, 1};
  CHECK_THROWS_AS(plan_layers(tiny.network(), recipe_named("default"), options), UnsupportedError);
}
