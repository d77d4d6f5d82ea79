// SPDX-License-Identifier: Apache-2.0
#include "plan/plan_builder.h"

#include "core/checked.h"
#include "plan/views.h"

namespace vitq {
namespace {

// Whether the elements of an axis lie side by side.
bool contiguous_along(const View& view, int axis) {
  return view.dims[axis] == 1 || view.strides[at(axis)] == 1;
}

std::int64_t bytes_of(const Shape& shape, DType dtype) {
  return checked_mul(shape.elements(), static_cast<std::int64_t>(size_of(dtype)));
}

}  // namespace

void PlanBuilder::begin_node(NodeId id, std::string name) {
  node_ = id;
  name_ = std::move(name);
}

View PlanBuilder::new_buffer(Buffer buffer, const Shape& shape, DType dtype) {
  plan_.buffers.push_back(buffer);
  return dense_view(static_cast<BufferId>(plan_.buffers.size()) - 1, shape, dtype);
}

View PlanBuilder::input(const Shape& shape, DType dtype) {
  const auto index = static_cast<std::int64_t>(plan_.inputs.size());
  plan_.inputs.push_back({shape, dtype});
  return new_buffer({Buffer::Home::kInput, 0, index}, shape, dtype);
}

View PlanBuilder::constant(Tensor value) {
  const auto index = static_cast<std::int64_t>(plan_.constants.size());
  plan_.constants.push_back(std::move(value));
  const Tensor& kept = plan_.constants.back();
  return new_buffer({Buffer::Home::kConstant, 0, index}, kept.shape(), kept.dtype());
}

View PlanBuilder::fresh(const Shape& shape, DType dtype) {
  return new_buffer({Buffer::Home::kArena, bytes_of(shape, dtype), 0}, shape, dtype);
}

View PlanBuilder::fresh(const Shape& shape, std::span<const int> order, DType dtype) {
  return dense_view(fresh(shape, dtype).buffer, shape, dtype, order);
}

const Buffer& PlanBuilder::buffer_of(const View& view) const {
  return plan_.buffers[at(view.buffer)];
}

void PlanBuilder::add_step(StepOp op, const View& out, Epilogue epilogue) {
  plan_.steps.push_back({.name = name_,
                         .node = node_,
                         .op = std::move(op),
                         .out = out,
                         .epilogue = std::move(epilogue)});
}

void PlanBuilder::write(const View& from, const View& out) {
  add_step(step::Copy{{broadcast(from, out.dims)}}, out);
}

View PlanBuilder::copy(const View& from) {
  const View out = fresh(from.dims, from.dtype);
  write(from, out);
  return out;
}

View PlanBuilder::copy(const View& from, std::span<const int> order) {
  const View out = fresh(from.dims, order, from.dtype);
  write(from, out);
  return out;
}

View PlanBuilder::columns_last(const View& view) {
  return contiguous_along(view, view.dims.rank() - 1) ? view : copy(view);
}

View PlanBuilder::innermost_contiguous(const View& view) {
  return contiguous_along(view, memory_order(view).back()) ? view : copy(view);
}

// Outputs are dense, and in the arena: a session hands out the same addresses whatever it is given.
void PlanBuilder::add_output(std::string name, const View& view) {
  const bool ready = buffer_of(view).home == Buffer::Home::kArena && is_dense(view);
  View given = ready ? view : copy(view);
  if (given.dtype == DType::kS32) {
    const View floats = fresh(given.dims, DType::kF32);
    add_step(step::ToFloat{{given}}, floats);
    given = floats;
  }
  plan_.outputs.push_back({std::move(name), given});
}

}  // namespace vitq
