// SPDX-License-Identifier: Apache-2.0
#include "vitq/layers.h"

#include "core/text.h"
#include "vitq/error.h"

namespace vitq {

Scope Scope::operator/(std::string_view child) const {
  Scope below = *this;
  below.path_ = path_.empty() ? std::string(child) : path_ + "." + std::string(child);
  return below;
}

Scope Scope::operator/(int child) const {
  return *this / std::to_string(child);
}

Value Scope::param(std::string_view name, Shape shape) const {
  return {graph_, graph_->param((*this / name).path(), shape)};
}

namespace {

// Appends a node that has no checkpoint name of its own: it is called after its first operand.
Value append(Op op, std::initializer_list<Value> operands) {
  const Value first = *operands.begin();
  std::vector<NodeId> inputs;
  for (const Value& value : operands) inputs.push_back(value.id);
  Graph& graph = *first.graph;
  std::string name = cat(name_of(op), "_", graph.size());
  return {&graph, graph.add(std::move(name), std::move(op), std::move(inputs))};
}

Value append(const Scope& scope, Op op, std::vector<NodeId> inputs) {
  return {&scope.graph(), scope.graph().add(scope.path(), std::move(op), std::move(inputs))};
}

}  // namespace

Value input(Graph& graph, std::string name, Shape shape) {
  return {&graph, graph.add(std::move(name), op::Input{}, {}, shape)};
}

Value constant(Graph& graph, std::string name, Tensor value) {
  const Shape shape = value.shape();
  return {&graph, graph.add(std::move(name), op::Constant{std::move(value)}, {}, shape)};
}

Value linear(const Scope& scope, Value x, std::int64_t n, Bias bias) {
  std::vector<NodeId> inputs = {x.id, scope.param("weight", {n, x.shape()[-1]}).id};
  if (bias == Bias::kYes) inputs.push_back(scope.param("bias", {n}).id);
  return append(scope, op::Linear{}, std::move(inputs));
}

Value conv2d(const Scope& scope, Value x, const Conv& conv) {
  const Shape weight = {conv.channels, x.shape()[1], conv.kernel, conv.kernel};
  std::vector<NodeId> inputs = {x.id, scope.param("weight", weight).id};
  if (conv.bias == Bias::kYes) inputs.push_back(scope.param("bias", {conv.channels}).id);
  return append(scope, op::Conv2d{conv.stride, conv.pad, conv.dilation}, std::move(inputs));
}

Value layer_norm(const Scope& scope, Value x, float eps) {
  const Shape row = {x.shape()[-1]};
  return append(scope, op::LayerNorm{eps},
                {x.id, scope.param("weight", row).id, scope.param("bias", row).id});
}

Value matmul(const Scope& scope, Value a, Value b) {
  return append(scope, op::MatMul{}, {a.id, b.id});
}

Value matmul_transposed(const Scope& scope, Value a, Value b, float scale) {
  return append(scope, op::MatMul{true, scale}, {a.id, b.id});
}

Value softmax(Value x) {
  return append(op::Softmax{}, {x});
}

Value unit_length(Value x) {
  return append(op::UnitLength{}, {x});
}

Value activate(Value x, Act kind) {
  return append(op::Activate{kind}, {x});
}

Value operator+(Value a, Value b) {
  return append(op::Add{}, {a, b});
}

Value operator*(Value a, Value b) {
  return append(op::Multiply{}, {a, b});
}

Value scale(Value x, float factor) {
  return append(op::Scale{factor}, {x});
}

Value sine(Value x) {
  return append(op::Sine{}, {x});
}

Value concat(Value a, Value b, int axis) {
  return append(op::Concat{axis}, {a, b});
}

Value slice(Value x, int axis, std::int64_t begin, std::int64_t end) {
  return append(op::Slice{axis, begin, end}, {x});
}

Value permute(Value x, std::vector<int> order) {
  return append(op::Permute{std::move(order)}, {x});
}

Value mean(Value x) {
  return append(op::Mean{}, {x});
}

Value max_pool(Value x, const op::MaxPool& pool) {
  return append(pool, {x});
}

Value resample(Value weight, const op::Resample& resample) {
  return append(resample, {weight});
}

Value reshape(Value x, Shape shape) {
  Graph& graph = *x.graph;
  std::string name = cat("Reshape_", graph.size());
  if (shape.elements() != x.shape().elements()) {
    throw ShapeError(cat("node '", name, "': cannot view ", x.shape().str(), " as ", shape.str()));
  }
  return {&graph, graph.add(std::move(name), op::Reshape{}, {x.id}, shape)};
}

}  // namespace vitq
