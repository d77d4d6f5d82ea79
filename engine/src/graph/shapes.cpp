// SPDX-License-Identifier: Apache-2.0
#include "graph/shapes.h"

#include <algorithm>

#include "core/checked.h"
#include "core/text.h"
#include "vitq/error.h"

namespace vitq {

std::string_view name_of(const Op& op) {
  static constexpr std::string_view kNames[] = {
      "Input",   "Param",    "Constant", "Linear",   "Conv2d",  "MatMul",   "LayerNorm",
      "Softmax", "Activate", "Add",      "Multiply", "Scale",   "Sine",     "Concat",
      "Slice",   "Reshape",  "Permute",  "Mean",     "MaxPool", "Resample", "UnitLength"};
  static_assert(std::size(kNames) == std::variant_size_v<Op>);
  return kNames[op.index()];
}

namespace {

// The shape rules, with what their messages need.
struct Rules {
  const std::string& node;
  std::span<const Shape> in;

  [[noreturn]] void fail(std::string_view why) const {
    std::string text = cat("node '", node, "': ", why, ":");
    for (const Shape& shape : in) text += cat(' ', shape.str());
    throw ShapeError(text);
  }
  void require(bool fits, std::string_view why) const {
    if (!fits) fail(why);
  }

  // Shapes equal but for extents of 1, which are stretched; `skip` is left as in `a`.
  Shape broadcast(const Shape& a, const Shape& b, int skip) const {
    require(a.rank() == b.rank(), "operands differ in rank");
    Shape result = a;
    for (int i = 0; i < a.rank(); ++i) {
      if (i == skip) continue;
      require(a[i] == b[i] || a[i] == 1 || b[i] == 1, "operands cannot be broadcast");
      result = result.with(i, std::max(a[i], b[i]));
    }
    return result;
  }

  // Height and width after a window of `kernel` pixels.
  Shape windows(std::int64_t channels, std::int64_t kernel, int stride, int pad) const {
    const std::int64_t height = (in[0][2] + 2 * pad - kernel) / stride + 1;
    const std::int64_t width = (in[0][3] + 2 * pad - kernel) / stride + 1;
    require(in[0][2] + 2 * pad >= kernel && in[0][3] + 2 * pad >= kernel,
            "the image is smaller than the window");
    return {in[0][0], channels, height, width};
  }

  Shape operator()(const op::Linear&) const {
    require(in.size() >= 2 && in[1].rank() == 2 && in[0].rank() >= 1 && in[0][-1] == in[1][1],
            "input and weight [n, k] do not fit");
    require(in.size() == 2 || in[2] == Shape{in[1][0]}, "the bias does not fit the weight");
    return in[0].with(-1, in[1][0]);
  }
  Shape operator()(const op::Conv2d& conv) const {
    require(in.size() >= 2 && in[0].rank() == 4 && in[1].rank() == 4 && in[0][1] == in[1][1] &&
                in[1][2] == in[1][3],
            "input [N, C, H, W] and weight [O, C, k, k] do not fit");
    require(in.size() == 2 || in[2] == Shape{in[1][0]}, "the bias does not fit the weight");
    return windows(in[1][0], (in[1][2] - 1) * conv.dilation + 1, conv.stride, conv.pad);
  }
  Shape operator()(const op::MatMul& matmul) const {
    const Shape& a = in[0];
    const Shape& b = in[1];
    require(a.rank() == b.rank() && a.rank() >= 2, "operands differ in rank");
    for (int i = 0; i + 2 < a.rank(); ++i) require(a[i] == b[i], "batch extents differ");
    require(a[-1] == b[matmul.transpose_b ? -1 : -2], "inner extents differ");
    return a.with(-1, b[matmul.transpose_b ? -2 : -1]);
  }
  Shape operator()(const op::LayerNorm&) const {
    require(in[0].rank() >= 1 && in[1] == Shape{in[0][-1]} && in[2] == in[1],
            "gain and bias do not fit the last axis");
    return in[0];
  }
  Shape operator()(const op::Softmax&) const { return in[0]; }
  Shape operator()(const op::UnitLength&) const {
    require(in[0].rank() >= 1, "there is no last axis");
    return in[0];
  }
  Shape operator()(const op::Activate&) const { return in[0]; }
  Shape operator()(const op::Scale&) const { return in[0]; }
  Shape operator()(const op::Sine&) const { return in[0]; }
  Shape operator()(const op::Add&) const { return broadcast(in[0], in[1], -1); }
  Shape operator()(const op::Multiply&) const { return broadcast(in[0], in[1], -1); }
  Shape operator()(const op::Concat& concat) const {
    require(concat.axis >= 0 && concat.axis < in[0].rank(), "no such axis");
    Shape result = in[0];
    for (const Shape& shape : in.subspan(1)) {
      const std::int64_t extent = result[concat.axis];
      result = broadcast(result, shape, concat.axis);
      result = result.with(concat.axis, extent + shape[concat.axis]);
    }
    return result;
  }
  Shape operator()(const op::Slice& slice) const {
    require(slice.axis >= 0 && slice.axis < in[0].rank(), "no such axis");
    require(0 <= slice.begin && slice.begin < slice.end && slice.end <= in[0][slice.axis],
            cat("indices [", slice.begin, ", ", slice.end, ") lie outside"));
    return in[0].with(slice.axis, slice.end - slice.begin);
  }
  Shape operator()(const op::Permute& permute) const {
    std::vector<int> sorted = permute.order;
    std::sort(sorted.begin(), sorted.end());
    Shape result = in[0];
    require(static_cast<int>(sorted.size()) == in[0].rank(), "the order has another rank");
    for (int i = 0; i < in[0].rank(); ++i) {
      require(sorted[static_cast<std::size_t>(i)] == i, "the order is no permutation");
      result = result.with(i, in[0][permute.order[static_cast<std::size_t>(i)]]);
    }
    return result;
  }
  Shape operator()(const op::Mean&) const {
    require(in[0].rank() == 3, "the input is not [N, T, C]");
    return in[0].with(1, 1);
  }
  Shape operator()(const op::MaxPool& pool) const {
    require(in[0].rank() == 4, "the input is not [N, C, H, W]");
    return windows(in[0][1], pool.kernel, pool.stride, pool.pad);
  }
  Shape operator()(const op::Resample& grid) const {
    require(in[0].rank() >= 2 && grid.begin >= 0 && grid.from_height > 0 && grid.from_width > 0 &&
                grid.from_height * grid.from_width <= in[0][-2] - grid.begin,
            "the grid lies outside of the rows");
    require(grid.height > 0 && grid.width > 0, "the image has no patches");
    return in[0].with(in[0].rank() - 2, in[0][-2] - grid.from_height * grid.from_width +
                                            checked_mul(grid.height, grid.width));
  }
  Shape operator()(const op::Input&) const { must_be_stated(); }
  Shape operator()(const op::Param&) const { must_be_stated(); }
  Shape operator()(const op::Constant&) const { must_be_stated(); }
  Shape operator()(const op::Reshape&) const { must_be_stated(); }

  [[noreturn]] void must_be_stated() const { fail("the shape of this op must be stated"); }
};

}  // namespace

Shape infer_shape(const std::string& node, const Op& op, std::span<const Shape> inputs) {
  return std::visit(Rules{node, inputs}, op);
}

}  // namespace vitq
