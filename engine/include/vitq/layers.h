// SPDX-License-Identifier: Apache-2.0
// The vocabulary that models are written in: functions from Value to Value. An operation that can
// be quantized takes a Scope, hence has a name; one that cannot, does not.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "vitq/graph.h"

namespace vitq {

// Where we are in the checkpoint. One place states a weight's name, its shape and its use.
class Scope {
 public:
  explicit Scope(Graph& graph) : graph_(&graph) {}

  // The scope below: "blocks" / 3 / "mlp" is "blocks.3.mlp".
  Scope operator/(std::string_view child) const;
  Scope operator/(int child) const;
  // The weight `name` of this scope, with the shape that the model needs.
  Value param(std::string_view name, Shape shape) const;
  const std::string& path() const { return path_; }
  Graph& graph() const { return *graph_; }

 private:
  Graph* graph_;
  std::string path_;
};

// What the network is given.
Value input(Graph& graph, std::string name, Shape shape);
Value constant(Graph& graph, std::string name, Tensor value);

enum class Bias { kNo, kYes };

// x [..., k] -> [..., n]; weights "weight" [n, k] and "bias" [n].
Value linear(const Scope& scope, Value x, std::int64_t n, Bias bias = Bias::kYes);
struct Conv {
  std::int64_t channels = 0;
  int kernel = 1;
  int stride = 1;
  int pad = 0;
  int dilation = 1;
  Bias bias = Bias::kYes;
};
// x [N, C, H, W]; weights "weight" [channels, C, kernel, kernel] and "bias" [channels].
Value conv2d(const Scope& scope, Value x, const Conv& conv);
// x [..., n]; weights "weight" [n] and "bias" [n].
Value layer_norm(const Scope& scope, Value x, float eps);
// scale * a b, or scale * a b^T; no weights, but a name.
Value matmul(const Scope& scope, Value a, Value b);
Value matmul_transposed(const Scope& scope, Value a, Value b, float scale);

Value softmax(Value x);
Value unit_length(Value x);
Value activate(Value x, Act kind);
Value operator+(Value a, Value b);
Value operator*(Value a, Value b);
Value scale(Value x, float factor);
Value sine(Value x);
Value concat(Value a, Value b, int axis);
Value slice(Value x, int axis, std::int64_t begin, std::int64_t end);
Value reshape(Value x, Shape shape);
Value permute(Value x, std::vector<int> order);
// The mean over the tokens: [N, T, C] -> [N, 1, C].
Value mean(Value x);
Value max_pool(Value x, const op::MaxPool& pool);
Value resample(Value weight, const op::Resample& resample);

}  // namespace vitq
