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
  vitq::Weights with_more;  // a layer clips, and has a codebook

  Quantized() {
    vitq::ModelInfo info;
    info.family = "vit";
    weights = vitq::test::naive_quantized(network.weights, network.graph, info, 7);
    with_more = weights;
    with_more.tensors["block.0.qkv.0.clip"] = floats({0.125F, 0.25F});
    std::vector<float> codebook;
    for (int i = 0; i < 128; ++i) codebook.push_back(static_cast<float>(i - 64));
    with_more.tensors["block.0.qkv.1.codebook"] = floats(codebook);
  }

  static vitq::Tensor floats(const std::vector<float>& values) {
    vitq::Tensor tensor({static_cast<std::int64_t>(values.size())}, vitq::DType::kF32);
    std::copy(values.begin(), values.end(), tensor.as<float>().begin());
    return tensor;
  }
};

}  // namespace

void check(std::span<const std::uint8_t> input) {
  static const Quantized quantized;
  const vitq::Json json = vitq::Json::parse(as_text(input), "input");
  const vitq::Graph& graph = quantized.network.graph;
  const bool more = as_text(input).find("output_token_bits") != std::string_view::npos;
  vitq::Weights weights = more ? quantized.with_more : quantized.weights;
  const vitq::Scheme scheme = load_scheme(graph, weights, json);
  const auto plan = std::make_shared<const vitq::Plan>(lower(graph, weights, scheme, {}));
  vitq::Session session(plan, {.threads = 1});
  session.run(vitq::Tensor(plan->inputs[0].shape, plan->inputs[0].dtype));
}
