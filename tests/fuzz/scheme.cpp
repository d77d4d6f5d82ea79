// SPDX-License-Identifier: Apache-2.0
// A quantized network whose scheme is accepted runs, whatever stands in it. The input is the
// scheme's JSON; the tensors are those of a small network, quantized in the simplest way.
#include "fuzz/target.h"
#include "quantizer/tiny_network.h"
#include "support/naive_scheme.h"
#include "vitq/error.h"
#include "vitq/plan.h"
#include "vitq/session.h"

namespace {

struct Quantized {
  vitq::test::TinyNetwork network;
  vitq::Weights weights;

  Quantized() {
    vitq::ModelInfo info;
    info.family = "vit";
    weights = vitq::test::naive_quantized(network.weights, network.graph, info, 7);
  }
};

}  // namespace

void check(std::span<const std::uint8_t> input) {
  static const Quantized quantized;
  const vitq::Json json = vitq::Json::parse(as_text(input), "input");
  const vitq::Graph& graph = quantized.network.graph;
  vitq::Weights weights = quantized.weights;
  const vitq::Scheme scheme = load_scheme(graph, weights, json);
  const auto plan = std::make_shared<const vitq::Plan>(lower(graph, weights, scheme, {}));
  vitq::Session session(plan, {.threads = 1});
  session.run(vitq::Tensor(plan->inputs[0].shape, plan->inputs[0].dtype));
}
