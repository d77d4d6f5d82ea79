// SPDX-License-Identifier: Apache-2.0
// What a layer makes of a weight or a constant is computed once, when a graph is lowered.
#include <doctest/doctest.h>

#include <algorithm>

#include "support/graph_check.h"
#include "vitq/plan.h"

using namespace vitq;
using namespace vitq::test;

namespace {

Graph with_constant_layers(Random& random) {
  Graph graph;
  const Scope s(graph);
  const Value x = input(graph, "x", {pick(random, 1, 3), pick(random, 1, 9), 24});
  const Value latent = s.param("latent", {1, x.shape()[1], 10});
  Tensor halves({1, x.shape()[1], 7}, DType::kF32);
  std::ranges::fill(halves.as<float>(), 0.5F);
  const Value values = constant(graph, "halves", halves);
  const Value y = x + activate(linear(s / "a", latent, 24), Act::kGelu);
  graph.set_outputs({{"y", (y + linear(s / "b", values, 24, Bias::kNo)).id}});
  return graph;
}

}  // namespace

TEST_CASE("layers that read weights or constants match the oracle") {
  for (unsigned seed = 0; seed < 4; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    Graph graph = with_constant_layers(random);
    check_graph(graph, random);
  }
}

TEST_CASE("layers that read weights or constants are no steps of the plan") {
  Random random(1);
  const Graph graph = with_constant_layers(random);
  const Plan plan = lower(graph, random_weights(random, graph), Scheme::float32(), {});
  CHECK(std::ranges::none_of(
      plan.steps, [](const Step& step) { return std::holds_alternative<step::Linear>(step.op); }));
}
