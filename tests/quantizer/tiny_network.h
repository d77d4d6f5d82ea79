// SPDX-License-Identifier: Apache-2.0
// A transformer of two blocks with names of its own and random weights.
#pragma once

#include "quantizer/support.h"
#include "vitq/layers.h"
#include "vitq/quantizer.h"

namespace vitq::test {

struct TinyNetwork {
  Graph graph;
  Weights weights;

  TinyNetwork() {
    const Scope scope(graph);
    const Value image = input(graph, "image", {1, 3, 12, 12});
    Value x = conv2d(scope / "stem", image, {.channels = 8, .kernel = 4, .stride = 4});
    x = permute(reshape(x, {1, 8, 9}), {0, 2, 1});
    x = concat(scope.param("first", {1, 1, 8}), x, 1);
    x = x + scope.param("places", {1, 10, 8});
    for (int i = 0; i < 2; ++i) x = block(scope / "block" / i, x);
    x = linear(scope / "answer", slice(layer_norm(scope / "norm", x, 1e-6F), 1, 0, 1), 5);
    graph.set_outputs({{"logits", reshape(x, {1, 5}).id}});
    fill();
  }

  Network network() const {
    return {graph, weights, Pixels{{0.5F, 0.4F, 0.45F}, {0.25F, 0.2F, 0.22F}}};
  }

  // Images of random bytes with smooth parts.
  CalibrationSet images(std::int64_t count, unsigned seed = 7) const {
    const Pixels pixels = *network().pixels;
    const auto make = [pixels, seed](std::int64_t index) {
      Tensor image({1, 3, 12, 12}, DType::kF32);
      std::mt19937 random(static_cast<unsigned>(index) * 31U + seed);
      int byte = 128;
      for (std::size_t i = 0; i < 432; ++i) {
        byte = std::min(std::max(byte + static_cast<int>(random() % 61) - 30, 0), 255);
        image.as<float>()[i] =
            (static_cast<float>(byte) / 255.0F - pixels.mean[i / 144]) / pixels.std[i / 144];
      }
      return image;
    };
    return {.count = count, .image = make, .digest = "random"};
  }

 private:
  static Value block(const Scope& s, Value x) {
    const Value qkv = linear(s / "qkv", layer_norm(s / "norm1", x, 1e-6F), 24);
    const auto part = [&](std::int64_t i) {
      const Value rows = slice(qkv, 2, 8 * i, 8 * i + 8);
      return permute(reshape(rows, {1, 10, 2, 4}), {0, 2, 1, 3});
    };
    const Value logits = matmul_transposed(s / "logits", part(0), part(1), 0.5F);
    const Value mixed = matmul(s / "mixed", softmax(logits), part(2));
    x = x + linear(s / "proj", reshape(permute(mixed, {0, 2, 1, 3}), {1, 10, 8}), 8);
    const Value hidden = linear(s / "fc1", layer_norm(s / "norm2", x, 1e-6F), 16);
    return x + linear(s / "fc2", activate(hidden, Act::kGelu), 8);
  }

  void fill() {
    unsigned seed = 1;
    for (const NodeId id : graph.params()) {
      const Node& param = graph[id];
      Tensor tensor(param.shape, DType::kF32);
      const Matrix m = random_matrix(1, param.shape.elements(), seed++);
      const bool gain =
          param.name.find("norm") != std::string::npos && param.name.ends_with("weight");
      for (std::size_t i = 0; i < m.values.size(); ++i) {
        tensor.as<float>()[i] = gain ? 1.0F + 0.2F * m.values[i] : 0.5F * m.values[i];
      }
      weights.tensors[param.name] = std::move(tensor);
    }
  }
};

}  // namespace vitq::test
