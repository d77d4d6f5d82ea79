// SPDX-License-Identifier: Apache-2.0
#include "vitq/rotation.h"

#include <algorithm>
#include <cmath>

#include "network/head_values.h"
#include "network/random_rotation.h"
#include "network/residual_stream.h"

namespace vitq {
namespace {

// The weights of a network, which it changes.
class Rotator {
 public:
  Rotator(const Graph& graph, Weights& weights) : graph_(graph), weights_(weights) {}

  bool can_fold(const ResidualStream& stream) {
    return std::ranges::all_of(stream.norms, [this](const NormReaders& norm) {
      const Tensor shift = weights_.at(name_of(norm.norm, 2)).to_f32();
      const bool none = std::ranges::all_of(shift.as<float>(), [](float v) { return v == 0.0F; });
      return none ||
             std::ranges::all_of(norm.layers, [this](NodeId layer) { return has_bias(layer); });
    });
  }

  void rotate(const HeadValues& values) {
    RandomRotation rotation(values.dim);
    const std::span<float> weight = changed(name_of(values.writer, 1));
    const std::int64_t inputs = weights_.at(name_of(values.writer, 1)).shape()[1];
    for (std::int64_t head = 0; head < values.heads; ++head) {
      const std::int64_t begin = values.begin + head * values.dim;
      rotation.apply_to_columns(weight.subspan(at(begin * inputs), at(values.dim * inputs)));
    }
    if (has_bias(values.writer)) {
      const std::span<float> bias = changed(name_of(values.writer, 2));
      rotation.apply_to_rows(bias.subspan(at(values.begin), at(values.heads * values.dim)));
    }
    rotation.apply_to_rows(changed(name_of(values.reader, 1)));
  }

  void rotate(const ResidualStream& stream) {
    RandomRotation rotation(stream.width);
    for (const NormReaders& norm : stream.norms) {
      for (const NodeId layer : norm.layers) {
        fold(norm.norm, layer);
        rotation.apply_to_rows(changed(name_of(layer, 1)));
      }
      std::ranges::fill(changed(name_of(norm.norm, 1)), 1.0F);
      std::ranges::fill(changed(name_of(norm.norm, 2)), 0.0F);
    }
    for (const NodeId layer : stream.readers) rotation.apply_to_rows(changed(name_of(layer, 1)));
    for (const NodeId id : stream.parameters) rotation.apply_to_rows(changed(graph_[id].name));
    for (const NodeId layer : stream.writers) {
      rotation.apply_to_columns(changed(name_of(layer, 1)));
      if (has_bias(layer)) rotation.apply_to_rows(changed(name_of(layer, 2)));
    }
  }

 private:
  bool has_bias(NodeId layer) const { return graph_[layer].inputs.size() > 2; }
  const std::string& name_of(NodeId node, std::size_t input) const {
    return graph_[graph_[node].inputs[input]].name;
  }
  // A copy that may be written to.
  std::span<float> changed(const std::string& name) {
    Tensor& tensor = weights_.tensors.at(name);
    tensor = tensor.to_f32().clone();
    return tensor.as<float>();
  }

  // W (g x + h) + b = (W g) x + (W h + b).
  void fold(NodeId norm, NodeId layer) {
    const Tensor gain = weights_.at(name_of(norm, 1)).to_f32();
    const Tensor shift = weights_.at(name_of(norm, 2)).to_f32();
    const std::size_t width = gain.as<float>().size();
    const std::span<float> weight = changed(name_of(layer, 1));
    const std::span<float> bias = has_bias(layer) ? changed(name_of(layer, 2)) : std::span<float>{};
    for (std::size_t o = 0; o < weight.size() / width; ++o) {
      double sum = 0.0;
      for (std::size_t c = 0; c < width; ++c) {
        float& w = weight[o * width + c];
        sum += static_cast<double>(w) * static_cast<double>(shift.as<float>()[c]);
        w *= gain.as<float>()[c];
      }
      if (!bias.empty()) bias[o] += static_cast<float>(sum);
    }
  }

  const Graph& graph_;
  Weights& weights_;
};

bool are_finite(const Weights& weights) {
  return std::ranges::all_of(weights.tensors, [](const auto& tensor) {
    if (tensor.second.dtype() != DType::kF32) return true;
    return std::ranges::all_of(tensor.second.template as<float>(),
                               [](float v) { return std::isfinite(v); });
  });
}

}  // namespace

Weights rotated(const Graph& graph, const Weights& weights) {
  Weights result = weights;
  Rotator rotator(graph, result);
  for (const ResidualStream& stream : residual_streams(graph)) {
    if (rotator.can_fold(stream)) rotator.rotate(stream);
  }
  for (const HeadValues& values : head_values(graph)) rotator.rotate(values);
  return are_finite(result) ? result : weights;
}

void rotate_result(const Graph& graph, const Weights& weights, NodeId node, Tensor& result) {
  Weights copy = weights;
  Rotator rotator(graph, copy);
  for (const ResidualStream& stream : residual_streams(graph)) {
    if (std::ranges::find(stream.writers, node) == stream.writers.end()) continue;
    if (!rotator.can_fold(stream)) continue;
    RandomRotation rotation(stream.width);
    if (std::holds_alternative<op::Linear>(graph[node].op)) {
      rotation.apply_to_rows(result.as<float>());
    } else {
      rotation.apply_to_columns(result.as<float>());  // [1, width, height, columns]
    }
  }
  for (const HeadValues& values : head_values(graph)) {
    RandomRotation rotation(values.dim);
    if (node == values.product) rotation.apply_to_rows(result.as<float>());
    if (node != values.writer) continue;
    const std::int64_t columns = result.shape()[-1];
    for (std::int64_t begin = values.begin; begin < result.shape().elements(); begin += columns) {
      rotation.apply_to_rows(result.as<float>().subspan(at(begin), at(values.heads * values.dim)));
    }
  }
}

}  // namespace vitq
