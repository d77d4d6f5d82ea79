// SPDX-License-Identifier: Apache-2.0
// Quantized layers that add values which do not lie row by row in memory.
#include <doctest/doctest.h>

#include <memory>
#include <vector>

#include "support/graph_check.h"

using namespace vitq;
using namespace vitq::test;

namespace {

// Gives the layer codes of 8 bits for its weight, and a range per token for its input.
std::vector<float> run(const Graph& graph, NodeId layer, Weights weights,
                       const std::vector<Tensor>& inputs, Backend backend) {
  Tensor& weight = weights.tensors.at(graph[graph[layer].inputs[1]].name);
  Tensor codes(weight.shape(), DType::kS8);
  for (std::size_t i = 0; i < codes.as<std::int8_t>().size(); ++i) {
    codes.as<std::int8_t>()[i] =
        static_cast<std::int8_t>(signed_code_of(weight.as<float>()[i], 100.0F, 8));
  }
  weight = codes;
  QParams of_weight;
  of_weight.range = Range::kStatic;
  of_weight.scale.assign(static_cast<std::size_t>(codes.shape()[0]), 0.01F);
  Scheme scheme;
  scheme.set({layer, 0}, {});
  scheme.set({layer, 1}, of_weight);
  Session session(std::make_shared<const Plan>(lower(graph, weights, scheme, {})),
                  {.threads = 2, .backend = backend, .profile = false});
  const std::span<const float> out = session.run(inputs)[0].as<float>();
  return {out.begin(), out.end()};
}

// A layer plus something is what the layer makes, plus that.
void check_sum(Graph& graph, NodeId layer, NodeId added, NodeId sum) {
  Random random(7);
  const Weights weights = random_weights(random, graph);
  const std::vector<Tensor> inputs = random_inputs(random, graph);
  for (const Backend backend : {Backend::kReference, Backend::kFast}) {
    const auto at = [&](NodeId output) {
      graph.set_outputs({{"out", output}});
      return run(graph, layer, weights, inputs, backend);
    };
    std::vector<float> expected = at(layer);
    const std::vector<float> more = at(added);
    for (std::size_t i = 0; i < expected.size(); ++i) expected[i] += more[i];
    CHECK(at(sum) == expected);
  }
}

}  // namespace

TEST_CASE("a quantized convolution adds an image that lies plane by plane") {
  for (const int kernel : {1, 3}) {
    Graph graph;
    const Value image = input(graph, "image", {2, 4, 5, 6});
    const Value layer =
        conv2d(Scope(graph) / "conv", image, {.channels = 4, .kernel = kernel, .pad = kernel / 2});
    check_sum(graph, layer.id, image.id, (layer + image).id);
  }
}

TEST_CASE("a quantized linear layer adds values that are transposed") {
  Graph graph;
  const Value x = input(graph, "x", {2, 5, 12});
  const Value other = permute(input(graph, "other", {2, 8, 5}), {0, 2, 1});
  const Value layer = linear(Scope(graph) / "fc", x, 8);
  check_sum(graph, layer.id, other.id, (layer + other).id);
}
