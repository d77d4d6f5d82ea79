// SPDX-License-Identifier: Apache-2.0
// Whole networks: close to float, the same bytes for any number of threads, through a file and
// back.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "calibration/pixels.h"
#include "quantizer/tiny_quantized.h"
#include "support/temp_folder.h"
#include "vitq/error.h"
#include "vitq/plan.h"
#include "vitq/session.h"

using namespace vitq;
using namespace vitq::test;

namespace {

// The signal-to-noise ratio that rounding leaves at the worst, in dB. Values spread evenly over
// [-a, a] have the power a^2 / 3. Codes up to c round them in steps of a / c, and the error has the
// power (a / c)^2 / 12. The ratio of the two is 4 c^2. Each of the 12 layers and attentions has two
// operands. Their errors are independent, and at the worst all of them reach the answer undamped.
double rounding_snr(int bits) {
  constexpr double kOperands = 24.0;
  const double c = max_weight_code(bits);
  return 10.0 * std::log10(4.0 * c * c / kOperands);
}

bool same_bytes(const Weights& a, const Weights& b) {
  if (a.tensors.size() != b.tensors.size()) return false;
  for (const auto& [name, tensor] : a.tensors) {
    const Tensor* other = b.find(name);
    if (other == nullptr || other->bytes() != tensor.bytes()) return false;
    if (std::memcmp(other->data(), tensor.data(), tensor.bytes()) != 0) return false;
  }
  return true;
}

// Its file can be read, and gives what was meant, to the bit.
void check_through_file(const TinyNetwork& tiny, const Quantized& result) {
  const TempFolder temp;
  Weights packed = result.weights;
  bit_pack(tiny.graph, result.scheme, packed);
  write_safetensors(temp.path() / "x.safetensors", packed, Overwrite::kNo);
  Weights weights = read_safetensors(temp.path() / "x.safetensors", true);
  const Json json = Json::parse(scheme_to_json(tiny.graph, result.scheme).dump(), "scheme");
  const Scheme scheme = load_scheme(tiny.graph, weights, json);
  CHECK(scheme.sites() == result.scheme.sites());
  const std::vector<float> logits = logits_of(tiny, weights, scheme);
  CHECK(logits == logits_of(tiny, result.weights, result.scheme));
  CHECK(std::ranges::all_of(logits, [](float v) { return std::isfinite(v); }));
}

}  // namespace

TEST_CASE("a small transformer stays close to float, and closer with more bits") {
  const TinyNetwork tiny;
  const double at16 = snr_at(tiny, {16, 16});
  const double at12 = snr_at(tiny, {12, 12});
  const double at10 = snr_at(tiny, {10, 10});
  const double at8 = snr_at(tiny, {8, 8});
  const double at7 = snr_at(tiny, {7, 8});
  const double at4 = snr_at(tiny, {4, 4});
  CAPTURE(at16);
  CAPTURE(at12);
  CAPTURE(at10);
  CAPTURE(at8);
  CAPTURE(at7);
  CAPTURE(at4);
  CHECK(at16 > rounding_snr(16));
  CHECK(at12 > rounding_snr(12));
  CHECK(at10 > rounding_snr(10));
  CHECK(at8 > rounding_snr(8));
  CHECK(at7 > rounding_snr(7));
  CHECK(at4 > rounding_snr(4));
  CHECK(at16 > at12);
  CHECK(at12 > at10);
  CHECK(at10 > at8);
  CHECK(at8 > at7);
  CHECK(at7 > at4);
}

TEST_CASE("the default recipe comes closer to float than rounding to nearest, at every size") {
  const TinyNetwork tiny;
  const Recipe nearest = recipe_from_json(Json::parse(R"({"name": "nearest", "min_edge_bits": 8,
    "rounds": [[{"method": "nearest", "scale": "largest"}]]})",
                                                      "nearest"));
  for (const Bits bits : {Bits{12, 12}, Bits{8, 8}, Bits{7, 8}, Bits{6, 6}, Bits{4, 4}}) {
    CAPTURE(bits.weights);
    CHECK(snr_at(tiny, bits, recipe_named("default")) > snr_at(tiny, bits, nearest));
  }
}

TEST_CASE("the same inputs give the same bytes, whatever the number of threads") {
  const TinyNetwork tiny;
  for (const Bits bits : {Bits{7, 8}, Bits{4, 4}, Bits{12, 10}}) {
    const Quantized one = quantized(tiny, bits, 1);
    const Quantized three = quantized(tiny, bits, 3);
    CHECK(same_bytes(one.weights, three.weights));
    CHECK(one.provenance.dump() == three.provenance.dump());
    CHECK(report_to_json(one.report).dump() == report_to_json(three.report).dump());
  }
}

TEST_CASE("a frozen network runs from its file as it did before") {
  const TinyNetwork tiny;
  const Quantized result = quantized(tiny, {6, 8});
  Weights packed = result.weights;
  bit_pack(tiny.graph, result.scheme, packed);
  CHECK(packed.at("block.0.fc1.weight").bytes() * 8 ==
        result.weights.at("block.0.fc1.weight").bytes() * 6);
  check_through_file(tiny, result);
}

TEST_CASE("every recipe's files can be read and run, at the most and the fewest bits") {
  const TinyNetwork tiny;
  for (const std::string_view recipe : recipe_names()) {
    for (const Bits bits :
         {Bits{2, 2}, Bits{2, 8}, Bits{8, 2}, Bits{3, 3}, Bits{8, 8}, Bits{16, 2}, Bits{16, 16}}) {
      CAPTURE(recipe);
      CAPTURE(bits.weights);
      CAPTURE(bits.activations);
      QuantizeOptions options;
      // A rule, because recipes give the first and the last layer no fewer than 8 bits by
      // themselves.
      options.rules = {{".", bits}};
      options.threads = 1;
      check_through_file(tiny,
                         quantize(tiny.network(), tiny.images(4), recipe_named(recipe), options));
    }
  }
}

TEST_CASE("a static range of probabilities ends at the greatest that the network gave") {
  const TinyNetwork tiny;
  const CalibrationSet images = tiny.images(6);
  QuantizeOptions options;
  options.rules = {{".", std::nullopt}, {"block.0.logits", Bits{8, 8}}};
  const Quantized made = quantize(tiny.network(), images, recipe_named("minmax"), options);
  NodeId softmax = 0;
  while (!std::holds_alternative<op::Softmax>(tiny.graph[softmax].op)) ++softmax;
  const NodeId mixed = tiny.graph.readers()[static_cast<std::size_t>(softmax)][0];
  Session session(std::make_shared<const Plan>(lower(tiny.graph, tiny.weights, Scheme::float32(),
                                                     {.also = {{"probabilities", softmax}}})),
                  {.threads = 1});
  float greatest = 0.0F;
  for (std::int64_t i = 0; i < images.count; ++i) {
    const std::span<const Tensor> values = session.run(images.image(i));
    greatest = std::max(greatest, std::ranges::max(values[1].as<float>()));
  }
  const QParams* codes = made.scheme.find({mixed, 0});
  REQUIRE(codes != nullptr);
  CHECK(255.0F * codes->scale[0] == doctest::Approx(static_cast<double>(greatest)).epsilon(1e-5));
}

TEST_CASE("layers that a rule keeps stay as they were") {
  const TinyNetwork tiny;
  QuantizeOptions options;
  options.rules = {{"block\\.1|stem|block\\.0\\.(logits|fc)|answer", std::nullopt}};
  const Quantized result =
      quantize(tiny.network(), tiny.images(8), recipe_named("default"), options);
  CHECK(result.scheme.sites().size() == 4);  // qkv and proj of the first block
  CHECK(result.weights.at("block.0.fc1.weight").dtype() == DType::kF32);
  CHECK(result.weights.at("block.0.qkv.weight").dtype() == DType::kS8);
}

TEST_CASE("fitting a layer leaves less error than rounding it to nearest") {
  const Quantized result = quantized(TinyNetwork(), {5, 8});
  for (const LayerReport& entry : result.report) {
    if (entry.plan.attention) continue;
    CAPTURE(entry.plan.name);
    CHECK(entry.error_after <= entry.error_before * 1.05);
  }
}

TEST_CASE("the report counts each layer's inputs as they are coded, and their ranges") {
  for (const char* const recipe : {"default", "percentile"}) {
    CAPTURE(recipe);
    const TinyNetwork tiny;
    const Quantized result = quantize(tiny.network(), tiny.images(8), recipe_named(recipe), {});
    for (const LayerReport& entry : result.report) {
      CAPTURE(entry.plan.name);
      const InputSpread& inputs = entry.inputs;
      CHECK((inputs.rows > 0) == !entry.plan.attention);
      if (inputs.rows == 0) continue;
      const Shape& weight = tiny.graph[tiny.graph[entry.plan.node].inputs[1]].shape;
      const std::int64_t columns = weight.elements() / weight[0];
      CHECK(std::accumulate(inputs.counts.begin(), inputs.counts.end(), std::int64_t{0}) ==
            inputs.rows * columns);
      CHECK(inputs.rows <= 512);
      CHECK(inputs.counts.front() > 0);
      CHECK(inputs.counts.back() > 0);
      const QParams& codes = result.scheme.sites().at({entry.plan.node, 0});
      CHECK((codes.range == Range::kStatic) == (inputs.lows[0] == inputs.lows[2]));
      if (codes.range == Range::kStatic) CHECK(inputs.lows[1] == codes.lo.front());
      CHECK(std::ranges::is_sorted(inputs.lows));
      CHECK(std::ranges::is_sorted(inputs.highs));
      CHECK(inputs.lows[1] < inputs.highs[1]);
    }
  }
}

TEST_CASE("progress names every layer in order") {
  const TinyNetwork tiny;
  std::vector<std::string> names;
  QuantizeOptions options;
  options.progress = [&](const Progress& progress) {
    CHECK(progress.index == static_cast<int>(names.size()));
    CHECK(progress.count == 12);
    CHECK(progress.seconds_left >= 0.0);
    names.push_back(progress.layer);
  };
  quantize(tiny.network(), tiny.images(2), recipe_named("default"), options);
  REQUIRE(names.size() == 12);
  CHECK(names.front() == "stem");
  CHECK(names.back() == "answer");
}

TEST_CASE("networks and images that cannot be calibrated are refused") {
  TinyNetwork tiny;
  const Recipe recipe = recipe_named("default");
  CHECK_THROWS_AS(quantize(tiny.network(), tiny.images(0), recipe, {}), UnsupportedError);
  CalibrationSet wrong = tiny.images(2);
  wrong.image = [](std::int64_t) { return Tensor({1, 3, 8, 8}, DType::kF32); };
  CHECK_THROWS_AS(quantize(tiny.network(), wrong, recipe, {}), ShapeError);
  CalibrationSet broken = tiny.images(2);
  broken.image = [](std::int64_t) {
    Tensor image({1, 3, 12, 12}, DType::kF32);
    image.as<float>()[5] = NAN;
    return image;
  };
  CHECK_THROWS_AS(quantize(tiny.network(), broken, recipe, {}), UnsupportedError);
  tiny.weights.tensors["block.0.fc1.weight"].as<float>()[3] = NAN;
  CHECK_THROWS_AS(quantize(tiny.network(), tiny.images(2), recipe, {}), WeightError);
}

TEST_CASE("a layer whose sums could leave 32 bits is refused, unless it is kept") {
  Graph graph;
  const Value image = input(graph, "image", {1, 3, 149, 149});
  const Value row = reshape(image, {1, 66603});
  graph.set_outputs({{"y", linear(Scope(graph) / "wide", row, 1).id}});
  Weights weights;
  weights.tensors["wide.weight"] = Tensor({1, 66603}, DType::kF32);
  weights.tensors["wide.bias"] = Tensor({1}, DType::kF32);
  const CalibrationSet set = {.count = 1,
                              .image =
                                  [](std::int64_t) {
                                    return Tensor({1, 3, 149, 149}, DType::kF32);
                                  },
                              .digest = "zeros"};
  const Network network = {graph, weights, {}};
  CHECK_THROWS_AS(quantize(network, set, recipe_named("default"), {}), LimitError);
  QuantizeOptions options;
  options.rules = {{"wide", std::nullopt}};
  CHECK_NOTHROW(quantize(network, set, recipe_named("default"), options));
}
