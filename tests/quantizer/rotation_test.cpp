// SPDX-License-Identifier: Apache-2.0
// Residual streams, and that a network answers as before when they are rotated.
#include "vitq/rotation.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "calibration/pixels.h"
#include "network/head_values.h"
#include "network/residual_stream.h"
#include "quantizer/tiny_network.h"
#include "vitq/lower.h"
#include "vitq/plan.h"
#include "vitq/session.h"

using namespace vitq;
using namespace vitq::test;

namespace {

// The network's results of these nodes, and its answer in the end, for one image.
std::vector<Tensor> results(const TinyNetwork& tiny, const Weights& weights,
                            const std::vector<NodeId>& nodes) {
  LowerOptions options;
  for (const NodeId node : nodes) options.also.push_back({tiny.graph[node].name, node});
  Session session(
      std::make_shared<const Plan>(lower(tiny.graph, weights, Scheme::float32(), options)),
      {.threads = 1});
  const std::span<const Tensor> found =
      session.run(plan_inputs(session.plan(), {tiny.images(1, 3).image(0)}, tiny.network()));
  std::vector<Tensor> copies;
  for (std::size_t i = 1; i <= nodes.size(); ++i) copies.push_back(found[i].clone());
  copies.push_back(found[0].clone());
  return copies;
}

// Of results near 1, which products of 16 inputs in single precision make in a dozen layers.
void check_near(const Tensor& found, const Tensor& wanted) {
  REQUIRE(found.shape() == wanted.shape());
  for (std::size_t i = 0; i < wanted.as<float>().size(); ++i) {
    CHECK(static_cast<double>(found.as<float>()[i]) ==
          doctest::Approx(static_cast<double>(wanted.as<float>()[i])).epsilon(1e-4).scale(1.0));
  }
}

bool same(const Tensor& a, const Tensor& b) {
  return std::ranges::equal(a.as<float>(), b.as<float>());
}

bool unchanged(const Graph& graph, const Weights& weights) {
  const Weights after = rotated(graph, weights);
  return std::ranges::all_of(weights.tensors, [&](const auto& tensor) {
    return same(tensor.second, after.at(tensor.first));
  });
}

Weights random_weights(const Graph& graph) {
  Weights weights;
  unsigned seed = 1;
  for (const NodeId id : graph.params()) {
    Tensor tensor(graph[id].shape, DType::kF32);
    std::ranges::copy(random_matrix(1, graph[id].shape.elements(), seed++).values,
                      tensor.as<float>().begin());
    weights.tensors[graph[id].name] = std::move(tensor);
  }
  return weights;
}

// The energy of the largest row against that of the mean one.
double peak_of_rows(const Tensor& weight) {
  const auto rows = static_cast<std::size_t>(weight.shape()[0]);
  const std::size_t columns = weight.as<float>().size() / rows;
  std::vector<double> norms(rows, 0.0);
  for (std::size_t i = 0; i < rows * columns; ++i) {
    norms[i / columns] += std::pow(static_cast<double>(weight.as<float>()[i]), 2.0);
  }
  return std::ranges::max(norms) * static_cast<double>(rows) /
         std::accumulate(norms.begin(), norms.end(), 0.0);
}

}  // namespace

TEST_CASE("the residual stream is what sums join and norms read, from the patches to the head") {
  const TinyNetwork tiny;
  const std::vector<ResidualStream> streams = residual_streams(tiny.graph);
  REQUIRE(streams.size() == 1);
  const ResidualStream& stream = streams[0];
  std::vector<std::string> names;
  for (const NodeId id : stream.writers) names.push_back(tiny.graph[id].name);
  for (const NodeId id : stream.parameters) names.push_back(tiny.graph[id].name);
  CHECK(names == std::vector<std::string>{"stem", "block.0.proj", "block.0.fc2", "block.1.proj",
                                          "block.1.fc2", "first", "places"});
  CHECK(stream.width == 8);
  CHECK(stream.readers.empty());
  REQUIRE(stream.norms.size() == 5);
  CHECK(tiny.graph[stream.norms[4].layers[0]].name == "answer");
}

TEST_CASE("values are followed from their part of a layer to the layer that reads them") {
  const TinyNetwork tiny;
  const std::vector<HeadValues> all = head_values(tiny.graph);
  REQUIRE(all.size() == 2);
  const HeadValues& values = all[1];
  CHECK(tiny.graph[values.writer].name == "block.1.qkv");
  CHECK(tiny.graph[values.product].name == "block.1.mixed");
  CHECK(tiny.graph[values.reader].name == "block.1.proj");
  CHECK(values.begin == 16);
  CHECK(values.heads == 2);
  CHECK(values.dim == 4);
}

TEST_CASE("values that something else reads are not rotated") {
  const auto graph_with = [](bool shows_values) {
    Graph graph;
    const Scope scope(graph);
    const Value x = input(graph, "x", {1, 5, 8});
    const auto heads = [&](const char* name) {
      return permute(reshape(linear(scope / name, x, 8), {1, 5, 2, 4}), {0, 2, 1, 3});
    };
    const Value v = heads("v");
    const Value map = softmax(matmul_transposed(scope / "qk", heads("q"), heads("k"), 0.5F));
    const Value rows = reshape(permute(matmul(scope / "av", map, v), {0, 2, 1, 3}), {1, 5, 8});
    const Value y = linear(scope / "out", rows, 3);
    graph.set_outputs({{"y", y.id}});
    if (shows_values) graph.set_outputs({{"y", y.id}, {"v", v.id}});
    return graph;
  };
  CHECK(head_values(graph_with(false)).size() == 1);
  CHECK(head_values(graph_with(true)).empty());
}

TEST_CASE("a rotated network answers as before, and what writes its stream is rotated") {
  const TinyNetwork tiny;
  const Weights turned = rotated(tiny.graph, tiny.weights);
  std::vector<NodeId> writers = residual_streams(tiny.graph)[0].writers;
  for (const HeadValues& values : head_values(tiny.graph)) {
    writers.push_back(values.writer);
    writers.push_back(values.product);
  }
  std::vector<Tensor> before = results(tiny, tiny.weights, writers);
  const std::vector<Tensor> after = results(tiny, turned, writers);
  check_near(after.back(), before.back());
  for (std::size_t i = 0; i < writers.size(); ++i) {
    CHECK_FALSE(same(after[i], before[i]));
    rotate_result(tiny.graph, tiny.weights, writers[i], before[i]);
    check_near(after[i], before[i]);
  }
  CHECK(std::ranges::all_of(turned.at("block.1.norm2.weight").as<float>(),
                            [](float gain) { return gain == 1.0F; }));
  CHECK(same(turned.at("block.0.qkv.bias"),
             rotated(tiny.graph, tiny.weights).at("block.0.qkv.bias")));
  Tensor hidden = tiny.weights.at("block.0.fc1.weight").clone();
  rotate_result(tiny.graph, tiny.weights, writers[0] + 1, hidden);
  CHECK(same(hidden, tiny.weights.at("block.0.fc1.weight")));
}

TEST_CASE("a channel that stands out does so no more") {
  TinyNetwork tiny;
  Tensor& weight = tiny.weights.tensors.at("block.0.fc2.weight");
  for (float& v : weight.as<float>().first(16)) v *= 100.0F;  // channel 0
  CHECK(peak_of_rows(weight) > 7.9);                          // of 8 rows
  CHECK(peak_of_rows(rotated(tiny.graph, tiny.weights).at("block.0.fc2.weight")) < 5.0);
}

TEST_CASE("streams that something else depends on stay as they are") {
  const auto network = [](bool shows_norm, bool sums_norm, bool has_bias) {
    Graph graph;
    const Scope scope(graph);
    Value x = linear(scope / "in", input(graph, "x", {1, 4, 6}), 6);
    const Value norm = layer_norm(scope / "norm", x, 1e-6F);
    const Value y = linear(scope / "out", norm, 6, has_bias ? Bias::kYes : Bias::kNo);
    const Value sum = sums_norm ? norm + y : y;
    graph.set_outputs({{"y", sum.id}});
    if (shows_norm) graph.set_outputs({{"y", sum.id}, {"norm", norm.id}});
    return graph;
  };
  const auto stays = [&](const Graph& graph) { return unchanged(graph, random_weights(graph)); };
  CHECK_FALSE(stays(network(false, false, true)));
  CHECK(stays(network(true, false, true)));
  CHECK(stays(network(false, true, true)));
  CHECK(stays(network(false, false, false)));  // nowhere for the norm's bias to go
}
