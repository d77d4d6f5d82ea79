// SPDX-License-Identifier: Apache-2.0
// Nodes that work row by row or element by element, and pools.
#include "plan/lowering.h"
#include "plan/views.h"

namespace vitq {
namespace {

View stored(LoweringContext& context, StepOp op, const View& out) {
  context.builder.add_step(std::move(op), out);
  return out;
}

// Memory for the result of an element-wise node, whose axes lie as those of its first operand.
View elementwise_result(LoweringContext& context, NodeId id) {
  return context.builder.fresh(context.graph[id].shape, memory_order(context.operand(id, 0)));
}

// Both operands, repeated where their extents are 1.
step::Binary stretched(LoweringContext& context, NodeId id) {
  const Shape& shape = context.graph[id].shape;
  return {broadcast(context.operand(id, 0), shape), broadcast(context.operand(id, 1), shape)};
}

}  // namespace

View lower_op(LoweringContext& context, NodeId id, const op::LayerNorm& norm) {
  const View x = context.builder.columns_last(context.operand(id, 0));
  const step::LayerNorm step = {norm.eps, x, context.operand(id, 1), context.operand(id, 2)};
  return stored(context, step, context.builder.fresh(context.graph[id].shape));
}

View lower_op(LoweringContext& context, NodeId id, const op::Softmax&) {
  const View x = context.builder.columns_last(context.operand(id, 0));
  return stored(context, step::Softmax{{x}}, context.builder.fresh(context.graph[id].shape));
}

View lower_op(LoweringContext& context, NodeId id, const op::UnitLength&) {
  const View x = context.builder.columns_last(context.operand(id, 0));
  return stored(context, step::UnitLength{{x}}, context.builder.fresh(context.graph[id].shape));
}

View lower_op(LoweringContext& context, NodeId id, const op::Activate& activate) {
  const View x = context.builder.innermost_contiguous(context.operand(id, 0));
  return stored(context, step::Activate{{x}, activate.kind}, elementwise_result(context, id));
}

View lower_op(LoweringContext& context, NodeId id, const op::Add&) {
  return stored(context, step::Add{stretched(context, id)}, elementwise_result(context, id));
}

View lower_op(LoweringContext& context, NodeId id, const op::Multiply&) {
  return stored(context, step::Multiply{stretched(context, id)}, elementwise_result(context, id));
}

View lower_op(LoweringContext& context, NodeId id, const op::Scale& scale) {
  const View x = context.operand(id, 0);
  return stored(context, step::Scale{{x}, scale.factor}, elementwise_result(context, id));
}

View lower_op(LoweringContext& context, NodeId id, const op::Sine&) {
  const View x = context.builder.innermost_contiguous(context.operand(id, 0));
  return stored(context, step::Sine{{x}}, elementwise_result(context, id));
}

View lower_op(LoweringContext& context, NodeId id, const op::Mean&) {
  const View x = context.builder.columns_last(context.operand(id, 0));
  return stored(context, step::Mean{{x}}, context.builder.fresh(context.graph[id].shape));
}

View lower_op(LoweringContext& context, NodeId id, const op::MaxPool& pool) {
  const View out = context.builder.fresh(context.graph[id].shape, kChannelsLast);
  return stored(context, step::MaxPool{{context.operand(id, 0)}, pool}, out);
}

}  // namespace vitq
