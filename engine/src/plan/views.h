// SPDX-License-Identifier: Apache-2.0
// The algebra of views: what Slice, Reshape, Permute and broadcasting do without moving data.
#pragma once

#include <optional>
#include <span>

#include "vitq/plan.h"

namespace vitq {

// Row-major strides for `shape`.
View dense_view(BufferId buffer, const Shape& shape, DType dtype);
// A dense buffer whose memory order is `order`: order[0] is the outermost axis of `shape`.
View dense_view(BufferId buffer, const Shape& shape, DType dtype, std::span<const int> order);
bool is_dense(const View& view);
// Whether both have the same elements in the same order.
bool same_elements(const View& a, const View& b);

View permuted(const View& view, std::span<const int> order);
// From [N, C, H, W] to [N, H, W, C].
constexpr int kChannelsLast[] = {0, 2, 3, 1};
View sliced(const View& view, int axis, std::int64_t begin, std::int64_t end);
// Nothing if the elements of `view` do not lie as `shape` needs them.
std::optional<View> reshaped(const View& view, const Shape& shape);
// Extents of 1 repeated to those of `shape`.
View broadcast(const View& view, const Shape& shape);
// The axes of `view` from the largest stride to the smallest, as they lie in memory.
std::vector<int> memory_order(const View& view);

// A matrix per batch index, as products and row kernels take it: [batch, rows, columns].
struct StridedMatrix {
  std::int64_t batch = 1, rows = 1, columns = 1;
  std::int64_t batch_stride = 0, row_stride = 0;
};
// Several views with equal leading axes as matrices of the same batch and rows. Nothing if those
// axes cannot be merged so far in all of them, or if a last axis is not contiguous.
std::optional<std::vector<StridedMatrix>> as_matrices(std::span<const View> views);

// The leading axes (all but the last) of several views, merged where all of them allow it: how to
// walk their rows together.
struct RowWalk {
  // Offset in elements of row `row` in view `view`.
  std::int64_t offset(std::size_t view, std::int64_t row) const;

  std::vector<std::int64_t> extents;               // outermost first; none longer than 1 missing
  std::vector<std::vector<std::int64_t>> strides;  // [view][axis]
  std::int64_t rows = 1;
};
RowWalk walk_rows(std::span<const View> views);
// The same for their matrices, which are the last two axes.
RowWalk walk_matrices(std::span<const View> views);

// Walks the rows of up to four views from one row to the next, without divisions.
class RowCursor {
 public:
  RowCursor(const RowWalk& walk, std::int64_t row);
  std::int64_t offset(std::size_t view) const { return offsets_[view]; }
  void next();

 private:
  const RowWalk& walk_;
  std::array<std::int64_t, Shape::kMaxRank> index_ = {};
  std::array<std::int64_t, 4> offsets_ = {};
};

}  // namespace vitq
