// SPDX-License-Identifier: Apache-2.0
// Nodes that only look at values in another way, or move them.
#include "plan/lowering.h"
#include "plan/views.h"

namespace vitq {

View lower_op(LoweringContext& context, NodeId id, const op::Slice& slice) {
  return sliced(context.operand(id, 0), slice.axis, slice.begin, slice.end);
}

View lower_op(LoweringContext& context, NodeId id, const op::Permute& permute) {
  return permuted(context.operand(id, 0), permute.order);
}

View lower_op(LoweringContext& context, NodeId id, const op::Reshape&) {
  const View x = context.operand(id, 0);
  const Shape& shape = context.graph[id].shape;
  const std::optional<View> view = reshaped(x, shape);
  return view ? *view : *reshaped(context.builder.copy(x), shape);
}

View lower_op(LoweringContext& context, NodeId id, const op::Concat& concat) {
  const View out = context.builder.fresh(context.graph[id].shape);
  std::int64_t begin = 0;
  for (const NodeId input : context.graph[id].inputs) {
    const View& part = context.places[at(input)];
    const std::int64_t end = begin + part.dims[concat.axis];
    context.builder.write(part, sliced(out, concat.axis, begin, end));
    begin = end;
  }
  return out;
}

}  // namespace vitq
