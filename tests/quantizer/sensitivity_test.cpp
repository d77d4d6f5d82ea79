// SPDX-License-Identifier: Apache-2.0
#include "vitq/sensitivity.h"

#include <doctest/doctest.h>

#include <cstring>

#include "quantizer/tiny_network.h"
#include "vitq/error.h"

using namespace vitq;
using namespace vitq::test;

namespace {

QuantizeOptions options_with(std::vector<LayerRule> rules, int threads = 1) {
  QuantizeOptions options;
  options.rules = std::move(rules);
  options.threads = threads;
  return options;
}

Sensitivities measured(const TinyNetwork& tiny, const QuantizeOptions& options) {
  return measure_sensitivities(tiny.network(), tiny.images(24), recipe_named("default"), options,
                               {});
}

}  // namespace

TEST_CASE("fewer bits take fewer bytes and cost more at the outputs") {
  const TinyNetwork tiny;
  const Sensitivities found = measured(tiny, options_with({}));
  REQUIRE(found.groups.size() == 10);
  CHECK(found.groups[0].name == "stem");
  double at4 = 0.0;
  double at6 = 0.0;
  for (const Sensitivities::Group& layer : found.groups) {
    CAPTURE(layer.name);
    REQUIRE(layer.choices.size() == 5);
    for (std::size_t i = 0; i < 5; ++i) {
      CHECK(layer.choices[i].bits->weights == static_cast<int>(i) + 4);
      CHECK(layer.choices[i].loss >= 0.0);
    }
    at4 += layer.choices[0].loss;
    at6 += layer.choices[2].loss;
  }
  CHECK(at4 > 4.0 * at6);
  REQUIRE(found.uniform.size() == 5);
  CHECK(found.uniform[0].bytes < found.uniform[3].bytes);
  CHECK(found.uniform[0].loss > 4.0 * found.uniform[2].loss);
  // One layer's losses add up to about those of the whole network.
  CHECK(at4 > 0.3 * found.uniform[0].loss);
  CHECK(at4 < 3.0 * found.uniform[0].loss);
}

TEST_CASE("layers that a rule names are not free, and count as the rest") {
  const TinyNetwork tiny;
  const Sensitivities all = measured(tiny, options_with({}));
  const Sensitivities some =
      measured(tiny, options_with({{"stem", std::nullopt}, {"fc1", Bits{6, 8}}}));
  CHECK(some.groups.size() == all.groups.size() - 3);
  for (const Sensitivities::Group& layer : some.groups) {
    CHECK(layer.name.find("fc1") == std::string::npos);
    CHECK(layer.name != "stem");
  }
  CHECK(some.rest_bytes > all.rest_bytes);
  CHECK_THROWS_AS(measured(tiny, options_with({{".", Bits{6, 8}}})), UnsupportedError);
}

TEST_CASE("the same for any number of threads, and after a way through JSON") {
  const TinyNetwork tiny;
  const Sensitivities one = measured(tiny, options_with({}, 1));
  const std::string text = one.to_json().dump();
  CHECK(measured(tiny, options_with({}, 3)).to_json().dump() == text);
  CHECK(Sensitivities::from_json(Json::parse(text, "test")).to_json().dump() == text);
}

TEST_CASE("bits of weights and activations are measured apart, and come through JSON") {
  const TinyNetwork tiny;
  const auto found_in = [&](const SearchSpace& space) {
    return measure_sensitivities(tiny.network(), tiny.images(24), recipe_named("default"),
                                 options_with({}), space);
  };
  const Sensitivities pairs = found_in({.bits = {{5, 4}, {5, 6}, {5}, {6, 4}}});
  const Sensitivities plain = found_in({.bits = {{5}, {6}}});
  REQUIRE(pairs.groups.size() == plain.groups.size());
  double at[4] = {};
  for (std::size_t g = 0; g < pairs.groups.size(); ++g) {
    const std::vector<BitsLoss>& choices = pairs.groups[g].choices;
    REQUIRE(choices.size() == 4);
    CHECK(choices[0].bits == Bits{5, 4});
    CHECK(choices[2].bits == Bits{5, 8});
    CHECK(choices[2].loss == plain.groups[g].choices[0].loss);
    for (std::size_t i = 0; i < 4; ++i) at[i] += choices[i].loss;
  }
  CHECK(at[0] > 1.5 * at[1]);
  CHECK(at[0] > 1.5 * at[2]);
  CHECK(at[0] > at[3]);
  const std::string text = pairs.to_json().dump();
  const Sensitivities again = Sensitivities::from_json(Json::parse(text, "test"));
  CHECK(again.to_json().dump() == text);
  CHECK(again.uniform[1].bits == Bits{5, 6});

  CHECK_THROWS_AS(found_in({.bits = {{5}, {5, 8}}}), UnsupportedError);
  CHECK_THROWS_AS(found_in({.bits = {{6, 4}, {5, 8}}}), UnsupportedError);
  CHECK_THROWS_AS(found_in({.bits = {{5, 17}}}), UnsupportedError);
}

TEST_CASE("a network quantized at one number of bits is judged as that") {
  const TinyNetwork tiny;
  const Sensitivities found = measured(tiny, options_with({}));
  const QuantizeOptions at5 = options_with({{".", Bits{5, 8}}});
  CHECK(judged_loss(tiny.network(), tiny.images(24), recipe_named("default"), at5) ==
        found.uniform[1].loss);
}

TEST_CASE("row weights that are kept, and no errors reported, leave the same bytes") {
  const TinyNetwork tiny;
  const auto made = [&](const QuantizeOptions& options) {
    return quantize(tiny.network(), tiny.images(12), recipe_named("default"), options);
  };
  QuantizeOptions options = options_with({{".", Bits{5, 8}}});
  const Quantized plain = made(options);
  REQUIRE(!plain.token_weights.empty());
  options.token_weights = plain.token_weights;
  options.errors = false;
  const Quantized again = made(options);
  CHECK(again.scheme.sites() == plain.scheme.sites());
  CHECK(again.report.size() == plain.report.size());
  for (const auto& [name, tensor] : plain.weights.tensors) {
    CAPTURE(name);
    const Tensor& other = again.weights.at(name);
    REQUIRE(other.bytes() == tensor.bytes());
    CHECK(std::memcmp(other.data(), tensor.data(), tensor.bytes()) == 0);
  }
}

TEST_CASE("what are no sensitivities is refused") {
  const char* const texts[] = {
      "{}", R"({"rest_bytes": 1, "uniform": [], "groups": []})",
      R"({"rest_bytes": -1, "uniform": [{"weight_bits": 4, "activation_bits": 8, "bytes": 1, "loss": 1}], "groups": []})",
      R"({"rest_bytes": 1, "uniform": [{"weight_bits": 9, "activation_bits": 8, "bytes": 1, "loss": 1}], "groups": []})",
      R"({"rest_bytes": 1, "uniform": [{"weight_bits": 4, "activation_bits": 8, "bytes": 1, "loss": 1}], "groups": []})"};
  for (const char* text : texts) {
    CAPTURE(text);
    CHECK_THROWS_AS(Sensitivities::from_json(Json::parse(text, "stats.json")), FileError);
  }
  for (const char* loss : {"-1", "1e31"}) {
    const std::string text =
        std::string(R"({"rest_bytes": 1, "uniform": [{"weight_bits": 4, "activation_bits": 8, )") +
        R"("bytes": 1, "loss": )" + loss + R"(}], "groups": []})";
    CHECK_THROWS_WITH_AS(Sensitivities::from_json(Json::parse(text, "stats.json")),
                         doctest::Contains("a loss lies between 0 and 1e30"), FileError);
  }
}

TEST_CASE("one image is too few: another has to judge") {
  const TinyNetwork tiny;
  CHECK_THROWS_AS(measure_sensitivities(tiny.network(), tiny.images(1), recipe_named("default"),
                                        options_with({}), {}),
                  UnsupportedError);
}
