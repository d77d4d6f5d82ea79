// SPDX-License-Identifier: Apache-2.0
// What is found in a graph: the layers, where they stand, and their bits.
#include <doctest/doctest.h>

#include <locale>
#include <regex>

#include "base/text.h"
#include "network/token_flow.h"
#include "network/units.h"
#include "quantizer/tiny_network.h"
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
    CHECK(unit_named(units, name).output_only);
  }
  for (const char* name : {"block.0.proj", "block.0.fc2", "block.1.qkv"}) {
    CHECK_FALSE(unit_named(units, name).output_only);
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
  const TokenFlow flow(tiny.graph);
  const std::vector<Unit> units = find_units(tiny.network());
  const std::vector<NodeId> stream = flow.stream();
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
  const NamePredicate found = layer_expression("^((((a*)*)*)*)*b$");
  CHECK(!found(name));
  CHECK(found(name + "b"));
  CHECK_THROWS_AS(layer_expression("(a)\\1"), UnsupportedError);
  CHECK_THROWS_AS(layer_expression("a{99999999999999999999}"), UnsupportedError);
  CHECK_THROWS_AS(layer_expression("\\" + std::string(40, '5')), UnsupportedError);
  CHECK_THROWS_AS(layer_expression(std::string(1001, 'a')), UnsupportedError);
}

TEST_CASE("expressions are found where the standard library's are") {
  const char* const kPatterns[] = {"",
                                   "fc",
                                   "^fc1",
                                   "fc1$",
                                   "^$",
                                   "a|b|^c",
                                   "(ab|a)c",
                                   "(?:a|)b",
                                   "a*",
                                   "^a+$",
                                   "^a?b",
                                   "^(ab)*$",
                                   "^a{2}$",
                                   "^a{2,}$",
                                   "^a{1,3}$",
                                   "^(a{2}){2}$",
                                   "^(a?){3}b$",
                                   "^a*?b",
                                   ".",
                                   "^.c",
                                   "[abc]$",
                                   "[^abc]",
                                   "^[a-c]+$",
                                   "[a-]",
                                   "[-b]",
                                   "[.]",
                                   "[\\d.]",
                                   "\\d",
                                   "^\\D+$",
                                   "\\w\\W\\w",
                                   "\\s",
                                   "\\S{3}",
                                   "\\.",
                                   "\\bfc",
                                   "c\\b",
                                   "\\Bc",
                                   "blocks\\.(0|1[01])\\.(attn|mlp)",
                                   "^(?!x)"};
  const char* const kNames[] = {"",
                                "a",
                                "b",
                                "c",
                                "aa",
                                "aaaa",
                                "ab",
                                "abab",
                                "ac",
                                "abc",
                                "aab",
                                "fc",
                                "fc1",
                                "block.fc1",
                                "x-y",
                                "1.2",
                                "]a",
                                "a b",
                                "xfc",
                                "_c",
                                "d",
                                "blocks.11.attn.qkv",
                                "blocks.1.mlp.fc2",
                                "aaab",
                                "head"};
  for (const char* const pattern : kPatterns) {
    CAPTURE(pattern);
    if (std::string_view(pattern).find("(?!") != std::string_view::npos) {
      CHECK_THROWS_AS(layer_expression(pattern), UnsupportedError);
      continue;
    }
    const NamePredicate found = layer_expression(pattern);
    const std::regex standard(pattern);
    for (const char* const name : kNames) {
      CAPTURE(name);
      CHECK(found(name) == std::regex_search(name, standard));
    }
  }
}

TEST_CASE("what is no expression, or takes too many steps, is refused") {
  for (const char* const pattern :
       {"(", ")", "a)", "[", "[a", "*", "a**", "a{", "a{x}", "a{3,2}", "a{,2}", "\\", "[b-a]",
        "[a-\\d]", "[[:alpha:]]", "\\q", "(?=a)", "(a{9999}){9}", "((a{99}){99}){99}"}) {
    CAPTURE(pattern);
    CHECK_THROWS_AS(layer_expression(pattern), UnsupportedError);
  }
}

TEST_CASE("names and messages do not depend on the locale") {
  struct Grouped : std::numpunct<char> {
    char do_thousands_sep() const override { return ','; }
    std::string do_grouping() const override { return "\3"; }
  };
  const std::locale before = std::locale::global(std::locale(std::locale(), new Grouped));
  const std::string text = text_of("layer ", 1234567, " of ", 0.5);
  std::locale::global(before);
  CHECK(text == "layer 1234567 of 0.5");
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
  CHECK_THROWS_AS(plan({"fc1", Bits{17, 8}}), UnsupportedError);
  QuantizeOptions options;
  options.bits = {8, 1};
  CHECK_THROWS_AS(plan_layers(tiny.network(), recipe_named("default"), options), UnsupportedError);
}
