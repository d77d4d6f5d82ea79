// SPDX-License-Identifier: Apache-2.0
// A frozen network whose scheme is accepted runs, whatever stands in it. The input is the scheme's
// JSON; the tensors are those of a small network, quantized in the simplest way.
#include "quantizer/tiny_network.h"
#include "support/naive_scheme.h"
#include "vitq/error.h"
#include "vitq/session.h"

namespace {

struct Frozen {
  vitq::test::TinyNetwork network;
  vitq::Weights weights;

  Frozen() {
    vitq::ModelInfo info;
    info.family = "vit";
    weights = vitq::test::naive_quantized(network.weights, network.graph, info, 7);
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Frozen frozen;
  try {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const vitq::Json json = vitq::Json::parse(text, "input");
    const vitq::Graph& graph = frozen.network.graph;
    vitq::Weights weights = frozen.weights;
    const vitq::Scheme scheme = load_scheme(graph, weights, json);
    const auto plan = std::make_shared<const vitq::Plan>(lower(graph, weights, scheme, {}));
    vitq::Session session(plan, {.threads = 1});
    session.run(vitq::Tensor(plan->inputs[0].shape, plan->inputs[0].dtype));
  } catch (const vitq::Error&) {
  }
  return 0;
}
