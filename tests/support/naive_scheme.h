// SPDX-License-Identifier: Apache-2.0
// The simplest scheme there is, for tests of the engine: weights to nearest by the largest value of
// their channel, ranges found at run time, pixels as they are.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>

#include "vitq/model.h"

namespace vitq::test {

inline QParams naive_input(const Graph& graph, const Node& node, const Preprocess& preprocess) {
  QParams act;
  if (!std::holds_alternative<op::Input>(graph[node.inputs[0]].op)) return act;
  act.range = Range::kFrozen;
  act.scale = {1.0F};
  act.lo = {0.0F};
  for (std::size_t c = 0; c < 3; ++c) {
    act.fold.push_back(1.0F / (255.0F * preprocess.std[c]));
    act.shift.push_back(-preprocess.mean[c] / preprocess.std[c]);
  }
  return act;
}

// Codes in place of the weight; returns its parameters.
inline QParams naive_weight(Tensor& weight, const QParams& act, int bits) {
  const std::int64_t n = weight.shape()[0];
  const std::int64_t k = weight.shape().elements() / n;
  const Tensor values = weight.to_f32();
  Tensor codes(weight.shape(), DType::kS8);
  QParams params = {
      .bits = bits, .range = Range::kFrozen, .scale = {}, .lo = {}, .fold = {}, .shift = {}};
  for (std::int64_t o = 0; o < n; ++o) {
    const auto folded = [&](std::int64_t c) {
      const auto folds = static_cast<std::int64_t>(act.fold.size());
      const float fold = folds == 0 ? 1.0F : act.fold[static_cast<std::size_t>(c * folds / k)];
      return values.as<float>()[static_cast<std::size_t>(o * k + c)] * fold;
    };
    float largest = 1e-12F;
    for (std::int64_t c = 0; c < k; ++c) largest = std::max(largest, std::abs(folded(c)));
    params.scale.push_back(largest / static_cast<float>(top_weight(bits)));
    for (std::int64_t c = 0; c < k; ++c) {
      codes.as<std::int8_t>()[static_cast<std::size_t>(o * k + c)] =
          signed_code_of(folded(c), 1.0F / params.scale.back(), bits);
    }
  }
  weight = codes;
  return params;
}

// Quantizes every layer and attention of a converted model.
inline Weights naive_quantized(const Weights& model, const Graph& graph, const ModelInfo& info,
                               int bits) {
  Weights result = model;
  Scheme scheme;
  for (NodeId id = 0; id < graph.size(); ++id) {
    const Node& node = graph[id];
    if (const auto* product = std::get_if<op::MatMul>(&node.op)) {
      QParams right;
      right.range = product->transpose_b ? Range::kPerRow : Range::kPerColumn;
      scheme.set({id, 0}, {});
      scheme.set({id, 1}, right);
    } else if (std::holds_alternative<op::Linear>(node.op) ||
               std::holds_alternative<op::Conv2d>(node.op)) {
      const QParams act = naive_input(graph, node, info.preprocess);
      scheme.set({id, 0}, act);
      scheme.set({id, 1}, naive_weight(result.tensors.at(graph[node.inputs[1]].name), act, bits));
    }
  }
  store_scheme(graph, scheme, result);
  pack_codes(graph, scheme, result);
  ModelInfo quantized = info;
  quantized.quantization = Json::object();
  quantized.quantization.set("scheme", scheme_to_json(graph, scheme));
  result.metadata["vitq"] = quantized.to_json().dump();
  return result;
}

}  // namespace vitq::test
