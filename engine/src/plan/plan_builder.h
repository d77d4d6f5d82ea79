// SPDX-License-Identifier: Apache-2.0
// Puts a plan together: buffers, constants and steps, one after the other. Nothing here knows what
// a node of the graph means.
#pragma once

#include <span>
#include <string>

#include "vitq/plan.h"

namespace vitq {

class PlanBuilder {
 public:
  // Values are f32 or s32.
  explicit PlanBuilder(DType values) : values_(values) {}
  DType values() const { return values_; }

  // The steps that are added from here on belong to this node.
  void begin_node(NodeId id, std::string name);

  View input(const Shape& shape, DType dtype);
  View constant(Tensor value);
  // A new buffer, of values unless told otherwise. The axes lie in memory as `order` says, the
  // outermost first, or else row-major.
  View fresh(const Shape& shape, DType dtype);
  View fresh(const Shape& shape) { return fresh(shape, values_); }
  View fresh(const Shape& shape, std::span<const int> order, DType dtype);
  View fresh(const Shape& shape, std::span<const int> order) {
    return fresh(shape, order, values_);
  }
  const Buffer& buffer_of(const View& view) const;

  void add_step(StepOp op, const View& out, Epilogue epilogue = {});
  // Writes `from` to `out`, repeated where it has an extent of 1.
  void write(const View& from, const View& out);
  View copy(const View& from);
  View copy(const View& from, std::span<const int> order);
  // These give the view itself where it is what they ask for, or a copy. Rows need their elements
  // side by side; row kernels take rows along the innermost axis in memory, whichever it is.
  View columns_last(const View& view);
  View innermost_contiguous(const View& view);

  // Outputs are f32.
  void add_output(std::string name, const View& view);
  // Call it last: the plan as it was put together, without places in the arena.
  Plan finish() { return std::move(plan_); }

 private:
  View new_buffer(Buffer buffer, const Shape& shape, DType dtype);

  DType values_;
  Plan plan_;
  NodeId node_ = 0;
  std::string name_;
};

}  // namespace vitq
