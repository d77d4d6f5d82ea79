// SPDX-License-Identifier: Apache-2.0
#include "plan/views.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace vitq {
namespace {

// An axis longer than 1.
struct Axis {
  std::int64_t extent, stride;
};

// The axes longer than 1, neighbours merged where one continues the other.
std::vector<Axis> merged_axes(const View& view, int end) {
  std::vector<Axis> axes;
  for (int i = 0; i < end; ++i) {
    const Axis axis = {view.dims[i], view.strides[at(i)]};
    if (axis.extent == 1) continue;
    if (!axes.empty() && axes.back().stride == axis.extent * axis.stride) {
      axes.back() = {axes.back().extent * axis.extent, axis.stride};
    } else {
      axes.push_back(axis);
    }
  }
  return axes;
}

}  // namespace

View dense_view(BufferId buffer, const Shape& shape, DType dtype) {
  std::vector<int> order(at(shape.rank()));
  std::iota(order.begin(), order.end(), 0);
  return dense_view(buffer, shape, dtype, order);
}

View dense_view(BufferId buffer, const Shape& shape, DType dtype, std::span<const int> order) {
  View view = {.buffer = buffer, .offset = 0, .dims = shape, .strides = {}, .dtype = dtype};
  std::int64_t stride = 1;
  for (std::size_t i = order.size(); i-- > 0;) {
    view.strides[at(order[i])] = stride;
    stride *= shape[order[i]];
  }
  return view;
}

bool is_dense(const View& view) {
  std::int64_t stride = 1;
  for (int i = view.dims.rank() - 1; i >= 0; --i) {
    if (view.dims[i] != 1 && view.strides[at(i)] != stride) return false;
    stride *= view.dims[i];
  }
  return true;
}

bool same_elements(const View& a, const View& b) {
  bool same = a.buffer == b.buffer && a.offset == b.offset && a.dims == b.dims;
  for (int axis = 0; same && axis < a.dims.rank(); ++axis) {
    const auto index = static_cast<std::size_t>(axis);
    same = a.dims[axis] == 1 || a.strides[index] == b.strides[index];
  }
  return same;
}

View permuted(const View& view, std::span<const int> order) {
  View result = view;
  for (int i = 0; i < view.dims.rank(); ++i) {
    result.dims = result.dims.with(i, view.dims[order[at(i)]]);
    result.strides[at(i)] = view.strides[at(order[at(i)])];
  }
  return result;
}

View sliced(const View& view, int axis, std::int64_t begin, std::int64_t end) {
  View result = view;
  result.offset += begin * view.strides[at(axis)];
  result.dims = view.dims.with(axis, end - begin);
  return result;
}

std::optional<View> reshaped(const View& view, const Shape& shape) {
  View result = view;
  result.dims = shape;
  std::vector<Axis> axes = merged_axes(view, view.dims.rank());
  // From the innermost axis outwards, each new extent must divide what is left of an old one.
  for (int i = shape.rank() - 1; i >= 0; --i) {
    const std::int64_t extent = shape[i];
    if (extent == 1 || axes.empty()) {
      result.strides[at(i)] = 1;
      continue;
    }
    Axis& inner = axes.back();
    if (inner.extent % extent != 0) return std::nullopt;
    result.strides[at(i)] = inner.stride;
    inner = {inner.extent / extent, inner.stride * extent};
    if (inner.extent == 1) axes.pop_back();
  }
  return result;
}

View broadcast(const View& view, const Shape& shape) {
  View result = view;
  result.dims = shape;
  for (int i = 0; i < shape.rank(); ++i) {
    if (view.dims[i] == 1 && shape[i] != 1) result.strides[at(i)] = 0;
  }
  return result;
}

std::vector<int> memory_order(const View& view) {
  // The stride of an axis of extent 1 says nothing: it stays with the axis before it.
  std::vector<std::int64_t> keys(at(view.dims.rank()));
  std::int64_t key = std::numeric_limits<std::int64_t>::max();
  for (int i = 0; i < view.dims.rank(); ++i) {
    if (view.dims[i] != 1) key = view.strides[at(i)];
    keys[at(i)] = key;
  }
  std::vector<int> order(keys.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](int a, int b) { return keys[at(a)] > keys[at(b)]; });
  return order;
}

RowWalk walk_rows(std::span<const View> views) {
  RowWalk walk;
  walk.strides.resize(views.size());
  for (int axis = 0; axis + 1 < views[0].dims.rank(); ++axis) {
    const std::int64_t extent = views[0].dims[axis];
    if (extent == 1) continue;
    walk.rows *= extent;
    bool merge = !walk.extents.empty();
    for (std::size_t i = 0; i < views.size() && merge; ++i) {
      merge = walk.strides[i].back() == extent * views[i].strides[at(axis)];
    }
    if (merge) {
      walk.extents.back() *= extent;
    } else {
      walk.extents.push_back(extent);
    }
    for (std::size_t i = 0; i < views.size(); ++i) {
      const std::int64_t stride = views[i].strides[at(axis)];
      if (merge)
        walk.strides[i].back() = stride;
      else
        walk.strides[i].push_back(stride);
    }
  }
  return walk;
}

RowWalk walk_matrices(std::span<const View> views) {
  std::vector<View> rows;
  for (const View& view : views) {
    const int rank = view.dims.rank();
    rows.push_back(sliced(sliced(view, rank - 1, 0, 1), rank - 2, 0, 1));
  }
  return walk_rows(rows);
}

std::int64_t RowWalk::offset(std::size_t view, std::int64_t row) const {
  std::int64_t result = 0;
  for (std::size_t axis = extents.size(); axis-- > 0;) {
    result += row % extents[axis] * strides[view][axis];
    row /= extents[axis];
  }
  return result;
}

RowCursor::RowCursor(const RowWalk& walk, std::int64_t row) : walk_(walk) {
  for (std::size_t axis = walk.extents.size(); axis-- > 0;) {
    index_[axis] = row % walk.extents[axis];
    row /= walk.extents[axis];
    for (std::size_t i = 0; i < walk.strides.size(); ++i) {
      offsets_[i] += index_[axis] * walk.strides[i][axis];
    }
  }
}

void RowCursor::next() {
  for (std::size_t axis = walk_.extents.size(); axis-- > 0;) {
    const std::int64_t steps = ++index_[axis] < walk_.extents[axis] ? 1 : 1 - index_[axis];
    for (std::size_t i = 0; i < walk_.strides.size(); ++i) {
      offsets_[i] += steps * walk_.strides[i][axis];
    }
    if (steps == 1) return;
    index_[axis] = 0;
  }
}

std::optional<std::vector<StridedMatrix>> as_matrices(std::span<const View> views) {
  const RowWalk walk = walk_rows(views);
  const std::size_t axes = walk.extents.size();
  if (axes > 2) return std::nullopt;
  std::vector<StridedMatrix> matrices;
  for (std::size_t i = 0; i < views.size(); ++i) {
    const int last = views[i].dims.rank() - 1;
    StridedMatrix matrix;
    matrix.columns = views[i].dims[last];
    matrix.row_stride = matrix.columns;
    if (views[i].strides[at(last)] != 1 && matrix.columns != 1) return std::nullopt;
    if (axes > 0) matrix.rows = walk.extents[axes - 1];
    if (axes > 0) matrix.row_stride = walk.strides[i][axes - 1];
    if (axes > 1) matrix.batch = walk.extents[0];
    if (axes > 1) matrix.batch_stride = walk.strides[i][0];
    matrices.push_back(matrix);
  }
  return matrices;
}

}  // namespace vitq
