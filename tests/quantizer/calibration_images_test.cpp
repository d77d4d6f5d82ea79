// SPDX-License-Identifier: Apache-2.0
// Networks of any size: each image runs through the network of its own, and counts as it is.
#include "calibration/calibration_images.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <set>

#include "calibration/token_weights.h"
#include "quantizer/support.h"
#include "vitq/error.h"
#include "vitq/layers.h"
#include "vitq/sensitivity.h"

using namespace vitq;
using namespace vitq::test;

namespace {

Value heads(Value x) {
  return permute(reshape(x, {1, x.shape()[1], 2, 4}), {0, 2, 1, 3});
}

Value attention(const Scope& s, Value x, Value memory) {
  const Value q = heads(linear(s / "q", x, 8));
  const Value k = heads(linear(s / "k", memory, 8));
  const Value v = heads(linear(s / "v", memory, 8));
  const Value mixed = matmul(s / "mixed", softmax(matmul_transposed(s / "logits", q, k, 0.5F)), v);
  const Value joined = reshape(permute(mixed, {0, 2, 1, 3}), {1, x.shape()[1], 8});
  return linear(s / "out", joined, 8);
}

// Two convolutions, an attention among places, and three queries that attend to them.
Graph traced(const Shape& size) {
  Graph graph;
  const Scope s(graph);
  Value x = conv2d(s / "stem", input(graph, "image", size), {.channels = 8, .stride = 4});
  x = activate(x, Act::kRelu);
  x = conv2d(s / "conv", x, {.channels = 8, .kernel = 3, .pad = 1});
  x = permute(reshape(x, {1, 8, x.shape()[2] * x.shape()[3]}), {0, 2, 1});
  x = x + constant(graph, "places", Tensor({1, x.shape()[1], 8}, DType::kF32));
  x = layer_norm(s / "norm", x + attention(s / "self", x, x), 1e-6F);
  const Value queries = s.param("queries", {1, 3, 8});
  x = queries + attention(s / "across", queries, x);
  graph.set_outputs({{"logits", linear(s / "answer", x, 5).id}});
  return graph;
}

// An attention among places and a first row, the one that the answer is read from.
Graph traced_class(const Shape& size) {
  Graph graph;
  const Scope s(graph);
  Value x =
      conv2d(s / "stem", input(graph, "image", size), {.channels = 8, .kernel = 4, .stride = 4});
  x = permute(reshape(x, {1, 8, x.shape()[2] * x.shape()[3]}), {0, 2, 1});
  x = concat(s.param("first", {1, 1, 8}), x, 1);
  x = x + attention(s / "self", x, x);
  x = layer_norm(s / "norm", x + attention(s / "again", x, x), 1e-6F);
  graph.set_outputs({{"logits", linear(s / "answer", slice(x, 1, 0, 1), 5).id}});
  return graph;
}

const std::vector<Shape> kSizes = {{1, 3, 12, 20}, {1, 3, 16, 16}, {1, 3, 12, 20},
                                   {1, 3, 24, 8},  {1, 3, 16, 16}, {1, 3, 12, 20}};

struct AnySize {
  Graph (*trace)(const Shape& size);
  Graph graph;
  Weights weights;

  explicit AnySize(Graph (*trace_of)(const Shape& size) = traced)
      : trace(trace_of), graph(trace({1, 3, 40, 40})) {
    unsigned seed = 1;
    for (const NodeId id : graph.params()) {
      const Shape& shape = graph[id].shape;
      Tensor tensor(shape, DType::kF32);
      std::ranges::copy(random_matrix(1, shape.elements(), seed++).values,
                        tensor.as<float>().begin());
      weights.tensors[graph[id].name] = std::move(tensor);
    }
  }

  Network network() const { return {graph, weights, Pixels{{0, 0, 0}, {1, 1, 1}}, trace}; }
};

Tensor image(std::int64_t index) {
  const Shape& size = kSizes[static_cast<std::size_t>(index)];
  Tensor tensor(size, DType::kF32);
  std::mt19937 random(static_cast<unsigned>(index));
  for (float& v : tensor.as<float>()) v = static_cast<float>(random() % 256) / 255.0F;
  return tensor;
}

const CalibrationSet kMixed = {.count = 6, .image = image, .digest = "mixed"};

bool same_bytes(const Weights& a, const Weights& b) {
  return std::ranges::equal(a.tensors, b.tensors, [](const auto& x, const auto& y) {
    return x.first == y.first && x.second.bytes() == y.second.bytes() &&
           std::memcmp(x.second.data(), y.second.data(), x.second.bytes()) == 0;
  });
}

Quantized quantized(const AnySize& any, const CalibrationSet& set, const std::string& recipe,
                    int threads, std::int64_t memory = 1 << 30) {
  QuantizeOptions options;
  options.bits = {6, 7};
  options.threads = threads;
  options.memory_bytes = memory;
  return quantize(any.network(), set, recipe_named(recipe), options);
}

}  // namespace

TEST_CASE("every image runs through the network of its own size, once for each") {
  const AnySize any;
  const Network network = any.network();
  ValueStore store(1 << 30, "/tmp");
  const CalibrationImages images(network, kMixed, store);
  std::set<const Graph*> graphs;
  for (std::int64_t i = 0; i < 6; ++i) graphs.insert(&images.graph(i));
  CHECK(graphs.size() == 3);
  const auto lowered = [&](const Graph& graph) {
    return lower(graph, any.weights, Scheme::float32(), LowerOptions{});
  };
  for (const int threads : {1, 2, 9}) {
    std::vector<Tensor> answers(6);
    images.run(threads, lowered, [&](Session& session, std::int64_t image) {
      const auto i = static_cast<std::size_t>(image);
      CHECK(answers[i].bytes() == 0);
      answers[i] = session.run(images.values()[i])[0].clone();
    });
    for (std::size_t i = 0; i < 6; ++i) {
      const auto plan = std::make_shared<const Plan>(lowered(traced(kSizes[i])));
      Session session(plan, {.threads = 1});
      const std::span<const Tensor> alone = session.run(image(static_cast<std::int64_t>(i)));
      CHECK(std::ranges::equal(answers[i].as<float>(), alone[0].as<float>()));
    }
  }
}

TEST_CASE("a plan is made once for each size, if one thread runs them") {
  const AnySize any;
  const Network network = any.network();
  ValueStore store(1 << 30, "/tmp");
  const CalibrationImages images(network, kMixed, store);
  int plans = 0;
  std::vector<std::int64_t> order;
  const auto lowered = [&](const Graph& graph) {
    ++plans;
    return lower(graph, any.weights, Scheme::float32(), LowerOptions{});
  };
  images.run(1, lowered, [&](Session&, std::int64_t image) { order.push_back(image); });
  CHECK(plans == 3);
  CHECK(order == std::vector<std::int64_t>{0, 2, 5, 1, 4, 3});
}

TEST_CASE("values of several shapes take what they have together, and give it back") {
  const std::vector<Shape> shapes = {{1, 5}, {2, 3}, {4}};
  const auto bytes = static_cast<std::int64_t>((5 + 6 + 4) * sizeof(float));
  ValueStore store(bytes, "/no/such/folder");
  {
    const Values values = store.make(shapes);
    REQUIRE(values.size() == 3);
    for (std::size_t i = 0; i < 3; ++i) CHECK(values[i].shape() == shapes[i]);
    CHECK(values[1].data() == values[0].data() + 5 * sizeof(float));
    CHECK_THROWS_AS(store.make({shapes.data(), 1}), FileError);
    const Tensor last = values[2];
    CHECK_THROWS_AS(store.make({shapes.data(), 1}), FileError);
  }
  CHECK_NOTHROW(store.make(shapes));
}

TEST_CASE("images of many sizes give the same bytes for any threads, in memory or in a file") {
  for (const AnySize& any : {AnySize(traced), AnySize(traced_class)}) {
    const Quantized one = quantized(any, kMixed, "default", 1);
    CHECK(same_bytes(one.weights, quantized(any, kMixed, "default", 3).weights));
    CHECK(same_bytes(one.weights, quantized(any, kMixed, "default", 2, 0).weights));
  }
}

TEST_CASE("ranges from the least to the greatest value do not depend on the images' order") {
  CalibrationSet reversed = kMixed;
  reversed.image = [](std::int64_t index) { return image(5 - index); };
  CalibrationSet fewer = kMixed;
  fewer.count = 3;  // without the size of the fourth
  const AnySize any;
  const Quantized forward = quantized(any, kMixed, "minmax", 1);
  const Quantized backward = quantized(any, reversed, "minmax", 1);
  CHECK(same_bytes(forward.weights, backward.weights));
  CHECK(forward.scheme.sites() == backward.scheme.sites());
  CHECK_FALSE(same_bytes(forward.weights, quantized(any, fewer, "minmax", 1).weights));
}

TEST_CASE("every recipe and every score takes images of many sizes") {
  const AnySize any;
  for (const std::string_view recipe : recipe_names()) {
    CAPTURE(recipe);
    CHECK_NOTHROW(quantized(any, kMixed, std::string(recipe), 2));
  }
  QuantizeOptions options;
  options.threads = 2;
  for (const std::string_view score : score_names()) {
    CAPTURE(score);
    const SearchSpace space = {
        .grain = Grain::kModule, .bits = {{4}, {8}}, .score = std::string(score)};
    const Sensitivities found =
        measure_sensitivities(any.network(), kMixed, recipe_named("default"), options, space);
    double fewer = 0.0;
    double more = 0.0;
    for (const Sensitivities::Group& group : found.groups) {
      fewer += group.choices[0].loss;
      more += group.choices[1].loss;
    }
    CHECK(fewer > 2.0 * more);
  }
}

TEST_CASE(
    "output tokens are weighed over images of many sizes, the same by any number of threads") {
  const AnySize any(traced_class);
  const Network network = any.network();
  ValueStore store(1 << 30, "/tmp");
  const CalibrationImages images(network, kMixed, store);
  const auto weights = measure_token_weights({.images = 4}, images, 1);
  REQUIRE(weights.size() == 1);  // nothing but the first row of the second sum has an effect
  CHECK(weights.begin()->second != 1.0F);
  CHECK(measure_token_weights({.images = 4}, images, 3) == weights);
}

TEST_CASE("a size for which the network is another one is refused, with the image named") {
  const AnySize any;
  Network network = any.network();
  const auto refused = [&](const char* part) {
    CHECK_THROWS_WITH_AS(quantize(network, kMixed, recipe_named("default"), {}),
                         doctest::Contains(part), ShapeError);
  };
  network.trace = [](const Shape& size) {
    Graph graph = traced(size);
    if (size[2] < 20) return graph;
    graph.set_outputs({{"logits", softmax({&graph, graph.outputs()[0].node}).id}});
    return graph;
  };
  refused("image 3, [1, 3, 24, 8]");
  network.trace = {};
  refused("image 0 is [1, 3, 12, 20], the network wants [1, 3, 40, 40]");
}
