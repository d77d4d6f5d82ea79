// SPDX-License-Identifier: Apache-2.0
// The walk over the nodes: what is only a way of looking becomes a view, what is computed a step.
#include "plan/lowering.h"

#include "plan/arena.h"
#include "plan/passes.h"
#include "plan/views.h"

namespace vitq {
Lowering::Lowering(const LoweringInput& input)
    : graph_(input.graph),
      weights_(input.weights),
      scheme_(input.scheme),
      options_(input.options),
      output_tokens_(input.output_tokens),
      fusions_(fuse(input.graph, input.options)),
      readers_(input.graph.readers()),
      absorbed_(fusions_.absorbed),
      places_(at(input.graph.size())) {
  find_attentions();
}

Plan Lowering::run() {
  for (NodeId id = 0; id < graph_.size(); ++id) place(id);
  for (const GraphOutput& output : graph_.outputs()) {
    plan_.outputs.push_back({output.name, as_output(places_[at(output.node)], output.node)});
  }
  fuse_codings(plan_);
  fuse_copies(plan_);
  reuse_residuals(plan_);
  place_buffers(plan_);
  return std::move(plan_);
}

void Lowering::place(NodeId id) {
  if (absorbed_[at(id)]) return;
  if (attentions_.contains(id)) {
    attention(id);
  } else if (fusions_.at[at(id)]) {
    product(id, *fusions_.at[at(id)]);
  } else {
    std::visit([this, id](const auto& op) { emit(id, op); }, graph_[id].op);
  }
}

void Lowering::emit(NodeId id, const op::Input&) {
  const auto index = static_cast<std::int64_t>(plan_.inputs.size());
  plan_.inputs.push_back(graph_[id].shape);
  plan_.buffers.push_back({Buffer::Home::kInput, 0, index});
  places_[at(id)] =
      dense_view(static_cast<BufferId>(plan_.buffers.size()) - 1, graph_[id].shape, DType::kF32);
}

void Lowering::emit(NodeId id, const op::Param&) {
  // The codes of quantized layers are placed with the layer.
  bool read = false;
  for (const NodeId reader : readers_[at(id)]) read = read || !quantized(reader);
  if (read) places_[at(id)] = constant_view(weights_.at(graph_[id].name).to_f32());
}

void Lowering::emit(NodeId id, const op::Constant& constant) {
  places_[at(id)] = constant_view(constant.value.to_f32());
}

void Lowering::emit(NodeId id, const op::Slice& slice) {
  places_[at(id)] = sliced(operand(id, 0), slice.axis, slice.begin, slice.end);
}

void Lowering::emit(NodeId id, const op::Permute& permute) {
  places_[at(id)] = permuted(operand(id, 0), permute.order);
}

void Lowering::emit(NodeId id, const op::Reshape&) {
  const std::optional<View> view = reshaped(operand(id, 0), graph_[id].shape);
  places_[at(id)] = view ? *view : *reshaped(copy(id, operand(id, 0)), graph_[id].shape);
}

void Lowering::emit(NodeId id, const op::Concat& concat) {
  const View out = result(id);
  std::int64_t begin = 0;
  for (std::size_t i = 0; i < graph_[id].inputs.size(); ++i) {
    const View part = operand(id, static_cast<int>(i));
    const View target = sliced(out, concat.axis, begin, begin + part.dims[concat.axis]);
    add_step(id, step::Copy{}, {broadcast(part, target.dims)}, target);
    begin += part.dims[concat.axis];
  }
  places_[at(id)] = out;
}

void Lowering::emit(NodeId id, const op::Add& add) {
  const Shape& shape = graph_[id].shape;
  store(id, add, {broadcast(operand(id, 0), shape), broadcast(operand(id, 1), shape)});
}

void Lowering::emit(NodeId id, const op::MatMul& matmul) {
  store(id, matmul, {columns_last(id, operand(id, 0)), columns_last(id, operand(id, 1))});
}

void Lowering::emit(NodeId id, const op::LayerNorm& norm) {
  store(id, norm, {columns_last(id, operand(id, 0)), operand(id, 1), operand(id, 2)});
}

void Lowering::emit(NodeId id, const op::Softmax& softmax) {
  store(id, softmax, {columns_last(id, operand(id, 0))});
}

void Lowering::emit(NodeId id, const op::MaxPool& pool) {
  store(id, pool, {operand(id, 0)});
}

void Lowering::emit(NodeId id, const op::Activate& activate) {
  store(id, activate, {innermost_contiguous(id, operand(id, 0))});
}

void Lowering::emit(NodeId id, const op::Scale& scale) {
  store(id, scale, {operand(id, 0)});
}

void Lowering::store(NodeId id, StepOp op, std::vector<View> in) {
  places_[at(id)] = result(id);
  add_step(id, std::move(op), std::move(in), places_[at(id)]);
}

}  // namespace vitq
