// SPDX-License-Identifier: Apache-2.0
// Nodes that work row by row or element by element, and pools.
#include "plan/lowering.h"
#include "plan/views.h"
#include "vitq/error.h"

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

// What keeps the sums of squares below 2^63.
void require_norm(const Node& node, float eps) {
  constexpr std::int64_t kMostColumns = (1 << 16) - 1;
  if (node.shape[-1] <= kMostColumns && eps < 1.0F) return;
  throw UnsupportedError(cat("layer '", node.name, "': integers only normalize rows of at most ",
                             kMostColumns, " values, with an eps below 1"));
}

}  // namespace

void require_floats(const LoweringContext& context, NodeId id) {
  if (!context.integer_only()) return;
  const Node& node = context.graph[id];
  throw UnsupportedError(cat("node '", node.name, "' (", name_of(node.op),
                             "): it cannot be computed on integers only as this scheme has it"));
}

View lower_op(LoweringContext& context, NodeId id, const op::LayerNorm& norm) {
  const View x = context.builder.columns_last(context.operand(id, 0));
  if (context.integer_only()) require_norm(context.graph[id], norm.eps);
  const step::LayerNorm step = {norm.eps, x, context.operand(id, 1), context.operand(id, 2)};
  return stored(context, step, context.builder.fresh(context.graph[id].shape));
}

View lower_op(LoweringContext& context, NodeId id, const op::Softmax&) {
  require_floats(context, id);
  const View x = context.builder.columns_last(context.operand(id, 0));
  return stored(context, step::Softmax{{x}}, context.builder.fresh(context.graph[id].shape));
}

View lower_op(LoweringContext& context, NodeId id, const op::UnitLength&) {
  require_floats(context, id);
  const View x = context.builder.columns_last(context.operand(id, 0));
  return stored(context, step::UnitLength{{x}}, context.builder.fresh(context.graph[id].shape));
}

View lower_op(LoweringContext& context, NodeId id, const op::Activate& activate) {
  const View x = context.builder.innermost_contiguous(context.operand(id, 0));
  const step::Activate step = {{x}, activate.kind, context.act_pieces(activate.kind)};
  return stored(context, step, elementwise_result(context, id));
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
  require_floats(context, id);
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
