// SPDX-License-Identifier: Apache-2.0
// Random weights and inputs for a graph, and its plans on every backend against the oracle.
#pragma once

#include <doctest/doctest.h>

#include <cmath>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "support/graph_oracle.h"
#include "vitq/layers.h"
#include "vitq/plan.h"
#include "vitq/session.h"

namespace vitq::test {

using Random = std::mt19937;

inline std::int64_t pick(Random& random, std::int64_t low, std::int64_t high) {
  return std::uniform_int_distribution<std::int64_t>(low, high)(random);
}

inline Tensor random_tensor(Random& random, const Shape& shape, float spread = 1.0F) {
  Tensor tensor(shape, DType::kF32);
  std::normal_distribution<float> normal(0.0F, spread);
  for (float& v : tensor.as<float>()) v = normal(random);
  return tensor;
}

// Weights whose products keep the size of what goes in.
inline Weights random_weights(Random& random, const Graph& graph) {
  Weights weights;
  for (const NodeId id : graph.params()) {
    const Node& node = graph[id];
    const std::int64_t fan_in = node.shape.elements() / std::max<std::int64_t>(node.shape[0], 1);
    const float spread = 1.0F / std::sqrt(static_cast<float>(fan_in));
    weights.tensors[node.name] = random_tensor(random, node.shape, spread);
  }
  return weights;
}

inline std::vector<Tensor> random_inputs(Random& random, const Graph& graph) {
  std::vector<Tensor> inputs;
  for (const NodeId id : graph.inputs()) inputs.push_back(random_tensor(random, graph[id].shape));
  return inputs;
}

// The longest sum in the graph: what bounds the rounding error of float sums.
inline std::int64_t longest_sum(const Graph& graph) {
  std::int64_t longest = 16;
  for (NodeId id = 0; id < graph.size(); ++id) {
    if (macs(graph, id) > 0) {
      longest = std::max(longest, macs(graph, id) / graph[id].shape.elements());
    }
  }
  return longest;
}

// Rounding errors of K additions grow like sqrt(K) ulps; a chain of layers multiplies them. Values
// are compared relative to the largest of the array.
inline double tolerance(const Graph& graph) {
  constexpr double kUlp = 1.0 / (1 << 24);
  constexpr double kLayers = 16.0;
  return kLayers * kUlp * std::sqrt(static_cast<double>(longest_sum(graph)));
}

inline double distance(std::span<const float> found, const std::vector<double>& expected) {
  REQUIRE(found.size() == expected.size());
  double worst = 0.0;
  double largest = 1e-3;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const double error = std::abs(static_cast<double>(found[i]) - expected[i]);
    worst = std::isnan(error) ? error : std::max(worst, error);
    largest = std::max(largest, std::abs(expected[i]));
  }
  return worst / largest;
}

struct Case {
  Graph& graph;
  Weights weights;
  std::vector<Tensor> inputs;
};

inline void check_plan(const Case& given, const std::vector<oracle::Array>& expected,
                       const LowerOptions& options, Backend backend) {
  auto plan =
      std::make_shared<const Plan>(lower(given.graph, given.weights, Scheme::float32(), options));
  // Threads share whatever is longest, and some small axes are shorter than five.
  for (const int threads : {1, 2, 5}) {
    Session session(plan, {.threads = threads, .backend = backend, .profile = false});
    const std::span<const Tensor> found = session.run(given.inputs);
    for (std::size_t i = 0; i < found.size(); ++i) {
      const GraphOutput& output = given.graph.outputs()[i];
      const oracle::Array& values = expected[static_cast<std::size_t>(output.node)];
      const std::string backend_name = backend == Backend::kReference ? "reference" : "fast";
      const double error = distance(found[i].as<float>(), values.values);
      const double allowed = tolerance(given.graph);
      INFO(output.name, " on ", backend_name, ", threads ", threads, ", pruned ", options.prune,
           ", observed ", options.observe.size(), ": ", error, " > ", allowed, "\n",
           to_text(given.graph));
      CHECK(error <= allowed);
    }
  }
}

// All operands of all nodes, so that nothing is fused.
inline std::vector<Site> all_sites(const Graph& graph) {
  std::vector<Site> sites;
  for (NodeId id = 0; id < graph.size(); ++id) {
    for (std::size_t i = 0; i < graph[id].inputs.size(); ++i) {
      sites.push_back({id, static_cast<int>(i)});
    }
  }
  return sites;
}

// Both backends, pruned or not, fused or not, against the oracle.
inline void check_graph(Graph& graph, Random& random) {
  const Case given = {graph, random_weights(random, graph), random_inputs(random, graph)};
  const std::vector<oracle::Array> expected = oracle::evaluate(graph, given.weights, given.inputs);
  for (const Backend backend : {Backend::kReference, Backend::kFast}) {
    check_plan(given, expected, {.prune = true, .observe = {}}, backend);
    check_plan(given, expected, {.prune = false, .observe = {}}, backend);
    check_plan(given, expected, {.prune = true, .observe = all_sites(graph)}, backend);
  }
}

}  // namespace vitq::test
