// SPDX-License-Identifier: Apache-2.0
// Where values lie: fresh buffers, constants and copies.
#include <numeric>

#include "core/checked.h"
#include "plan/lowering.h"
#include "plan/views.h"

namespace vitq {

View Lowering::fresh(const Shape& shape, DType dtype) {
  std::vector<int> order(static_cast<std::size_t>(shape.rank()));
  std::iota(order.begin(), order.end(), 0);
  return fresh(shape, order, dtype);
}

View Lowering::fresh(const Shape& shape, std::span<const int> order, DType dtype) {
  const auto bytes = checked_mul(shape.elements(), static_cast<std::int64_t>(size_of(dtype)));
  plan_.buffers.push_back({Buffer::Home::kArena, bytes, 0});
  return dense_view(static_cast<BufferId>(plan_.buffers.size()) - 1, shape, dtype, order);
}

View Lowering::constant_view(Tensor value) {
  const auto index = static_cast<std::int64_t>(plan_.constants.size());
  plan_.buffers.push_back({Buffer::Home::kConstant, 0, index});
  const View view =
      dense_view(static_cast<BufferId>(plan_.buffers.size()) - 1, value.shape(), value.dtype());
  plan_.constants.push_back(std::move(value));
  return view;
}

View Lowering::constant_view(std::span<const float> values) {
  Tensor tensor({static_cast<std::int64_t>(values.size())}, DType::kF32);
  std::copy(values.begin(), values.end(), tensor.as<float>().begin());
  return constant_view(std::move(tensor));
}

View Lowering::copy(NodeId id, const View& from) {
  const View out = fresh(from.dims, from.dtype);
  add_step(id, step::Copy{}, {from}, out);
  return out;
}

// Dense, and in the arena: a session hands out the same addresses whatever it is given.
View Lowering::as_output(const View& view, NodeId id) {
  const Buffer& buffer = plan_.buffers[static_cast<std::size_t>(view.buffer)];
  return buffer.home == Buffer::Home::kArena && is_dense(view) ? view : copy(id, view);
}

// Rows need their elements side by side.
View Lowering::columns_last(NodeId id, const View& view) {
  const int last = view.dims.rank() - 1;
  const bool unit = view.dims[last] == 1 || view.strides[static_cast<std::size_t>(last)] == 1;
  return unit ? view : copy(id, view);
}

// Row kernels take rows along the axis that lies innermost in memory, whichever it is.
View Lowering::innermost_contiguous(NodeId id, const View& view) {
  const int last = memory_order(view).back();
  const bool unit = view.dims[last] == 1 || view.strides[static_cast<std::size_t>(last)] == 1;
  return unit ? view : copy(id, view);
}

Step& Lowering::add_step(NodeId node, StepOp op, std::vector<View> in, View out,
                         Epilogue epilogue) {
  plan_.steps.push_back({.name = graph_[node].name,
                         .node = node,
                         .op = std::move(op),
                         .in = std::move(in),
                         .out = out,
                         .epilogue = std::move(epilogue)});
  return plan_.steps.back();
}

View Lowering::operand(NodeId id, int index) const {
  return places_[static_cast<std::size_t>(graph_[id].inputs[static_cast<std::size_t>(index)])];
}

}  // namespace vitq
