// SPDX-License-Identifier: Apache-2.0
// This is the simplest scheme there is, for tests of the engine. Weights go to nearest by the
// largest value of their channel, ranges are found at run time, and pixels stay as they are.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>

#include "vitq/model.h"

namespace vitq::test {

// How the first operand of a product is coded, if not as pixels: as `other` says. One token alone
// has the bits of all.
inline QParams naive_input(const Graph& graph, const Node& node, const Preprocess& preprocess,
                           const QParams& other) {
  QParams act = other;
  const Shape& in = graph[node.inputs[0]].shape;
  if (in.rank() != 3 || in[1] == 1) act.output_token_bits = std::nullopt;
  if (!std::holds_alternative<op::Input>(graph[node.inputs[0]].op)) return act;
  act = QParams();
  act.range = Range::kStatic;
  act.scale = {1.0F};
  act.lo = {0.0F};
  for (std::size_t c = 0; c < 3; ++c) {
    act.smoothing_scale.push_back(1.0F / (255.0F * preprocess.std[c]));
    act.channel_offset.push_back(-preprocess.mean[c] / preprocess.std[c]);
  }
  return act;
}

// Codes in place of the weight; returns its parameters.
inline QParams naive_weight(Tensor& weight, const QParams& act, int bits) {
  const std::int64_t n = weight.shape()[0];
  const std::int64_t k = weight.shape().elements() / n;
  const Tensor values = weight.to_f32();
  Tensor codes(weight.shape(), code_type(bits));
  QParams params = {.bits = bits,
                    .range = Range::kStatic,
                    .scale = {},
                    .lo = {},
                    .smoothing_scale = {},
                    .channel_offset = {}};
  for (std::int64_t o = 0; o < n; ++o) {
    const auto smoothed = [&](std::int64_t c) {
      const auto smoothing_scales = static_cast<std::int64_t>(act.smoothing_scale.size());
      const float smoothing_scale =
          smoothing_scales == 0
              ? 1.0F
              : act.smoothing_scale[static_cast<std::size_t>(c * smoothing_scales / k)];
      return values.as<float>()[static_cast<std::size_t>(o * k + c)] * smoothing_scale;
    };
    float largest = 1e-12F;
    for (std::int64_t c = 0; c < k; ++c) largest = std::max(largest, std::abs(smoothed(c)));
    params.scale.push_back(largest / static_cast<float>(max_weight_code(bits)));
    for (std::int64_t c = 0; c < k; ++c) {
      const std::int32_t code = signed_code_of(smoothed(c), 1.0F / params.scale.back(), bits);
      const auto place = static_cast<std::size_t>(o * k + c);
      if (codes.dtype() == DType::kS16) {
        codes.as<std::int16_t>()[place] = static_cast<std::int16_t>(code);
      } else {
        codes.as<std::int8_t>()[place] = static_cast<std::int8_t>(code);
      }
    }
  }
  weight = codes;
  return params;
}

// Quantizes every layer and attention of a converted model: weights of `bits`, and activations as
// `activation` says where they are coded row by row.
inline Weights naive_quantized(const Weights& model, const Graph& graph, const ModelInfo& info,
                               int bits, const QParams& activation = {}) {
  Weights result = model;
  Scheme scheme;
  for (NodeId id = 0; id < graph.size(); ++id) {
    const Node& node = graph[id];
    // As the quantizer, which leaves what does not depend on the image.
    if (!node.inputs.empty() && is_constant(graph[node.inputs[0]])) continue;
    if (const auto* product = std::get_if<op::MatMul>(&node.op)) {
      QParams rows = activation;
      rows.clip.clear();
      QParams values;
      values.bits = activation.bits;
      values.range = Range::kPerChannel;
      scheme.set({id, 0}, rows);
      scheme.set({id, 1}, product->transpose_b ? rows : values);
    } else if (std::holds_alternative<op::Linear>(node.op) ||
               std::holds_alternative<op::Conv2d>(node.op)) {
      const QParams act = naive_input(graph, node, info.preprocess, activation);
      scheme.set({id, 0}, act);
      scheme.set({id, 1}, naive_weight(result.tensors.at(graph[node.inputs[1]].name), act, bits));
    }
  }
  store_scheme(graph, scheme, result);
  bit_pack(graph, scheme, result);
  ModelInfo quantized = info;
  quantized.quantization = Json::object();
  quantized.quantization.set("scheme", scheme_to_json(graph, scheme));
  result.metadata["vitq"] = quantized.to_json().dump();
  return result;
}

}  // namespace vitq::test
